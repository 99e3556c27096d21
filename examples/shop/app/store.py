"""What the web application and the worker share: where the data is, and how the two talk to each other."""

import json
import os

import psycopg2
import psycopg2.extras
import psycopg2.pool
import redis

QUEUE = "orders"
ITEMS = "items"
ITEMS_SECONDS = 60
# How long the word that an order is settled is kept for those that wait for it.
SETTLED_SECONDS = 300

cache = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
pool = psycopg2.pool.ThreadedConnectionPool(
    1, 40, os.environ["DATABASE_URL"], cursor_factory=psycopg2.extras.RealDictCursor
)


class Transaction:
    """with Transaction() as cursor: ... commits at the end, and rolls back when that raises."""

    def __enter__(self):
        self.connection = pool.getconn()
        self.cursor = self.connection.cursor()
        return self.cursor

    def __exit__(self, kind, value, traceback):
        try:
            if kind is None:
                self.connection.commit()
            else:
                self.connection.rollback()
        finally:
            pool.putconn(self.connection, close=kind is not None)


def items():
    """All items, and whether they come from the cache."""
    known = cache.get(ITEMS)
    if known is not None:
        return json.loads(known), True
    with Transaction() as cursor:
        cursor.execute("SELECT id, name, price, stock FROM item ORDER BY id")
        found = [dict(row) for row in cursor.fetchall()]
    cache.set(ITEMS, json.dumps(found), ex=ITEMS_SECONDS)
    return found, False


def order(number):
    """One order as a dict, or None."""
    with Transaction() as cursor:
        cursor.execute(
            "SELECT p.id, p.item, p.quantity, p.state, p.quantity * i.price AS total"
            " FROM purchase p JOIN item i ON i.id = p.item WHERE p.id = %s",
            (number,),
        )
        row = cursor.fetchone()
    return dict(row) if row else None


def tell_settled(number):
    """Wakes one that waits; another one finds the state in the database."""
    key = f"settled:{number}"
    cache.rpush(key, "")
    cache.expire(key, SETTLED_SECONDS)


def wait_settled(number, seconds):
    cache.blpop([f"settled:{number}"], timeout=seconds)
