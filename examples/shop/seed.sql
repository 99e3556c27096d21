SET ROLE shop;

CREATE TABLE item (
    id integer PRIMARY KEY,
    name text NOT NULL,
    price integer NOT NULL CHECK (price > 0),
    stock integer NOT NULL CHECK (stock >= 0)
);

CREATE TABLE purchase (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    item integer NOT NULL REFERENCES item,
    quantity integer NOT NULL CHECK (quantity > 0),
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'shipped', 'rejected', 'cancelled')),
    placed timestamptz NOT NULL DEFAULT now()
);

-- Prices are in cents.
INSERT INTO item (id, name, price, stock) VALUES
    (1, 'Teapot', 2450, 12),
    (2, 'Cup', 650, 100),
    (3, 'Saucer', 350, 3),
    (4, 'Samovar', 18900, 1),
    (5, 'Çaydanlık', 5600, 0);
