"""The shop as its customers meet it. Each case can run alone, in any order, and beside the others.

flake-containers with --fresh -- python3 -m unittest discover tests
"""

import http.client
import json
import os
import subprocess
import threading
import unittest
from urllib.parse import urlsplit

SHOP = urlsplit(os.environ["SHOP_URL"])
WAIT = 30
TEAPOT, CUP, SAUCER, SAMOVAR, SOLD_OUT = 1, 2, 3, 4, 5


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


def ask(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(SHOP.hostname, SHOP.port, timeout=2 * WAIT)
    try:
        connection.request(method, path, body, headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def place(item, quantity):
    return ask("POST", "/orders", json.dumps({"item": item, "quantity": quantity}))


def settled(answer):
    """The order that an answer to place() is about, when it is settled."""
    return ask("GET", f"{answer.headers['Location']}?wait={WAIT}").json


def stock(item):
    return ask("GET", f"/items/{item}").json["stock"]


class Session:
    """psql in the shop's database, with a transaction that is open until the end."""

    def __enter__(self):
        self.psql = subprocess.Popen(
            ["psql", "-qAtX", os.environ["DATABASE_URL"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.run("BEGIN;")
        return self

    def run(self, sql):
        self.psql.stdin.write(f"{sql}\n\\echo .\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == ".\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError("psql has ended")

    def __exit__(self, *error):
        self.psql.communicate("ROLLBACK;\n")


class Items(unittest.TestCase):
    def test_all_of_them_are_there(self):
        names = [item["name"] for item in ask("GET", "/items").json]
        self.assertEqual(names, ["Teapot", "Cup", "Saucer", "Samovar", "Çaydanlık"])

    def test_the_answer_is_json(self):
        self.assertEqual(ask("GET", "/items").headers["Content-Type"], "application/json; charset=utf-8")

    def test_one_has_a_price(self):
        self.assertEqual(ask("GET", "/items/1").json["price"], 2450)

    def test_one_has_a_name_of_more_than_ascii(self):
        self.assertEqual(ask("GET", "/items/5").json["name"], "Çaydanlık")

    def test_one_that_is_not_there(self):
        answer = ask("GET", "/items/99")
        self.assertEqual((answer.status, answer.json), (404, {"error": "there is no item 99"}))

    def test_a_number_that_is_not_one(self):
        self.assertEqual(ask("GET", "/items/teapot").status, 404)

    def test_a_number_that_is_too_long(self):
        self.assertEqual(ask("GET", "/items/12345678901234567890").status, 404)

    def test_only_the_head(self):
        answer = ask("HEAD", "/items")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_the_head_says_how_long_the_answer_is(self):
        self.assertEqual(ask("HEAD", "/items/1").headers["Content-Length"], str(len(ask("GET", "/items/1").body)))

    def test_the_second_time_they_come_from_the_cache(self):
        # Orders of other cases empty it in between, but not each time.
        kinds = {ask("GET", "/items").headers["X-Cache"] for _ in range(20)}
        self.assertIn("hit", kinds)


class Orders(unittest.TestCase):
    def test_one_is_taken(self):
        self.assertEqual(place(CUP, 1).status, 201)

    def test_one_that_is_taken_is_new(self):
        with Session() as session:
            # The worker stands before it. (An order refers to its item, which the key is for.)
            session.run(f"SELECT * FROM item WHERE id = {CUP} FOR NO KEY UPDATE;")
            self.assertEqual(place(CUP, 1).json["state"], "new")

    def test_one_has_a_place(self):
        answer = place(CUP, 1)
        self.assertEqual(answer.headers["Location"], f"/orders/{answer.json['id']}")

    def test_one_is_shipped(self):
        self.assertEqual(settled(place(CUP, 2))["state"], "shipped")

    def test_one_costs_what_its_items_do(self):
        self.assertEqual(settled(place(TEAPOT, 2))["total"], 4900)

    def test_one_for_what_is_sold_out_is_rejected(self):
        self.assertEqual(settled(place(SOLD_OUT, 1))["state"], "rejected")

    def test_one_for_more_than_there_is_is_rejected(self):
        self.assertEqual(settled(place(SAUCER, 4))["state"], "rejected")

    def test_one_that_is_rejected_takes_nothing(self):
        settled(place(SAUCER, 4))
        self.assertEqual(stock(SAUCER), 3)

    def test_a_second_for_the_last_one_is_rejected(self):
        states = [settled(answer)["state"] for answer in (place(SAMOVAR, 1), place(SAMOVAR, 1))]
        self.assertEqual(states, ["shipped", "rejected"])
        self.assertEqual(stock(SAMOVAR), 0)

    def test_many_at_once_sell_no_more_than_there_is(self):
        left = stock(TEAPOT)
        states = []

        def buy():
            states.append(settled(place(TEAPOT, 1))["state"])

        threads = [threading.Thread(target=buy) for _ in range(left + 8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((states.count("shipped"), states.count("rejected")), (left, 8))

    def test_one_that_does_not_exist(self):
        answer = ask("GET", "/orders/999999")
        self.assertEqual((answer.status, answer.json), (404, {"error": "there is no order 999999"}))

    def test_one_is_counted(self):
        before = ask("GET", "/statistics").json.get("rejected", 0)
        settled(place(SOLD_OUT, 1))
        self.assertGreater(ask("GET", "/statistics").json["rejected"], before)

    def test_it_is_kept_in_the_database(self):
        number = settled(place(CUP, 3))["id"]
        with Session() as session:
            self.assertEqual(session.run(f"SELECT state, quantity FROM purchase WHERE id = {number};"), ["shipped|3"])


class Cancelling(unittest.TestCase):
    def test_one_that_waits(self):
        with Session() as session:
            # The worker stands before the first, and so the second waits.
            session.run(f"SELECT * FROM item WHERE id = {CUP} FOR NO KEY UPDATE;")
            first, second = place(CUP, 1), place(CUP, 1)
            answer = ask("DELETE", second.headers["Location"])
            self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(settled(first)["state"], "shipped")
        self.assertEqual(settled(second)["state"], "cancelled")

    def test_one_that_is_shipped(self):
        shipped = settled(place(CUP, 1))
        answer = ask("DELETE", f"/orders/{shipped['id']}")
        self.assertEqual((answer.status, answer.json), (409, {"error": f"order {shipped['id']} is shipped"}))

    def test_one_that_does_not_exist(self):
        self.assertEqual(ask("DELETE", "/orders/999999").status, 404)


class Refusals(unittest.TestCase):
    def refused(self, answer, status, error):
        self.assertEqual((answer.status, answer.json), (status, {"error": error}))

    def test_an_item_that_does_not_exist(self):
        self.refused(place(99, 1), 404, "there is no item 99")

    def test_a_quantity_of_nothing(self):
        self.refused(place(CUP, 0), 400, "'quantity' must be a whole number from 1 to 1000")

    def test_a_quantity_below_nothing(self):
        self.refused(place(CUP, -1), 400, "'quantity' must be a whole number from 1 to 1000")

    def test_a_quantity_that_is_too_large(self):
        self.refused(place(CUP, 1001), 400, "'quantity' must be a whole number from 1 to 1000")

    def test_half_a_cup(self):
        self.refused(place(CUP, 0.5), 400, "'quantity' must be a whole number from 1 to 1000")

    def test_true_is_not_a_number(self):
        self.refused(place(CUP, True), 400, "'quantity' must be a whole number from 1 to 1000")

    def test_text_is_not_a_number(self):
        self.refused(place("1; DROP TABLE item", 1), 400, "'item' must be a whole number from 1 to 2147483647")

    def test_what_is_missing(self):
        self.refused(ask("POST", "/orders", "{}"), 400, "'item' must be a whole number from 1 to 2147483647")

    def test_what_is_not_json(self):
        self.refused(ask("POST", "/orders", "two cups, please"), 400, "the body is not JSON")

    def test_what_is_not_an_object(self):
        self.refused(ask("POST", "/orders", "[1, 2]"), 400, "the body must be an object")

    def test_a_body_that_is_too_large(self):
        answer = ask("POST", "/orders", None, **{"Content-Length": "10000000"})
        self.refused(answer, 413, "the body is larger than 65536 bytes")

    def test_a_way_that_is_not_possible(self):
        answer = ask("PUT", "/items/1", "{}")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET"))

    def test_a_place_that_is_not_there(self):
        self.refused(ask("GET", "/cart"), 404, "there is nothing here")

    def test_a_wait_that_is_too_long(self):
        answer = ask("GET", f"{place(CUP, 1).headers['Location']}?wait=31")
        self.refused(answer, 400, "'wait' must be a number of seconds up to 30")


class Health(unittest.TestCase):
    def test_it_is_well(self):
        answer = ask("GET", "/health")
        self.assertEqual((answer.status, answer.json), (200, {"ok": True}))


if __name__ == "__main__":
    unittest.main()
