CREATE ROLE app LOGIN;
CREATE DATABASE app OWNER app;

\connect app
SET ROLE app;

CREATE TABLE greeting (
    language text PRIMARY KEY,
    text     text NOT NULL
);

INSERT INTO greeting VALUES
    ('en', 'hello'),
    ('fr', 'bonjour');
