"""Settles orders one by one: ships what is in stock and rejects the rest."""

import signal
import sys

import store


def settle(number):
    with store.Transaction() as cursor:
        cursor.execute("SELECT item, quantity FROM purchase WHERE id = %s AND state = 'new' FOR UPDATE", (number,))
        found = cursor.fetchone()
        if not found:
            return
        cursor.execute(
            "UPDATE item SET stock = stock - %(quantity)s WHERE id = %(item)s AND stock >= %(quantity)s", found
        )
        state = "shipped" if cursor.rowcount else "rejected"
        cursor.execute("UPDATE purchase SET state = %s WHERE id = %s", (state, number))
    store.cache.delete(store.ITEMS)
    store.tell_settled(number)
    print(f"order {number}: {state}", flush=True)


def missed():
    """Those that an earlier worker, or a cache that began anew, has forgotten."""
    with store.Transaction() as cursor:
        cursor.execute("SELECT id FROM purchase WHERE state = 'new' ORDER BY id")
        return [row["id"] for row in cursor.fetchall()]


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
for number in missed():
    settle(number)
while True:
    _, number = store.cache.blpop([store.QUEUE])
    settle(int(number))
