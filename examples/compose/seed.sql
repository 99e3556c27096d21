CREATE ROLE app LOGIN;
CREATE DATABASE app OWNER app;

\connect app
SET ROLE app;

CREATE TABLE visit (at timestamptz NOT NULL DEFAULT now());
