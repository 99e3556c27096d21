"""The shop: items and orders as JSON over HTTP."""

import json
import re
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import store

BODY_MAX = 64 * 1024
QUANTITY_MAX = 1000
WAIT_MAX = 30
INT_MAX = 2**31 - 1


class Refused(Exception):
    def __init__(self, status, message, **headers):
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def whole(value, name, last):
    """A JSON number from 1 to last; true is not one."""
    if type(value) is not int or not 1 <= value <= last:
        raise Refused(400, f"'{name}' must be a whole number from 1 to {last}")
    return value


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "shop"

    def answer(self, status, value=None, **headers):
        body = b"" if value is None else json.dumps(value, ensure_ascii=False).encode() + b"\n"
        self.send_response(status)
        if value is not None:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *arguments):
        print(format % arguments, flush=True)

    # ---- what there is ----

    def get_health(self, query):
        store.cache.ping()
        with store.Transaction() as cursor:
            cursor.execute("SELECT 1")
        self.answer(200, {"ok": True})

    def get_items(self, query):
        items, cached = store.items()
        self.answer(200, items, X_Cache="hit" if cached else "miss")

    def get_item(self, query, number):
        found = [item for item in store.items()[0] if item["id"] == number]
        if not found:
            raise Refused(404, f"there is no item {number}")
        self.answer(200, found[0])

    def post_orders(self, query):
        wanted = self.read_body()
        item = whole(wanted.get("item"), "item", INT_MAX)
        quantity = whole(wanted.get("quantity"), "quantity", QUANTITY_MAX)
        with store.Transaction() as cursor:
            cursor.execute(
                "INSERT INTO purchase (item, quantity) SELECT id, %s FROM item WHERE id = %s RETURNING id",
                (quantity, item),
            )
            row = cursor.fetchone()
        if not row:
            raise Refused(404, f"there is no item {item}")
        store.cache.rpush(store.QUEUE, row["id"])
        self.answer(201, store.order(row["id"]), Location=f"/orders/{row['id']}")

    def get_order(self, query, number):
        wait = query.get("wait", ["0"])[0]
        if not re.fullmatch("[0-9]{1,2}", wait) or int(wait) > WAIT_MAX:
            raise Refused(400, f"'wait' must be a number of seconds up to {WAIT_MAX}")
        found = store.order(number)
        if found and found["state"] == "new" and int(wait) > 0:
            store.wait_settled(number, int(wait))
            found = store.order(number)
        if not found:
            raise Refused(404, f"there is no order {number}")
        self.answer(200, found)

    def delete_order(self, query, number):
        with store.Transaction() as cursor:
            cursor.execute("UPDATE purchase SET state = 'cancelled' WHERE id = %s AND state = 'new'", (number,))
            cancelled = cursor.rowcount
        if not cancelled:
            found = store.order(number)
            if not found:
                raise Refused(404, f"there is no order {number}")
            raise Refused(409, f"order {number} is {found['state']}")
        self.answer(204)

    def get_statistics(self, query):
        with store.Transaction() as cursor:
            cursor.execute("SELECT state, count(*) AS n FROM purchase GROUP BY state")
            self.answer(200, {row["state"]: row["n"] for row in cursor.fetchall()})

    ROUTES = [
        ("/health", {"GET": get_health}),
        ("/items", {"GET": get_items}),
        ("/items/([0-9]{1,9})", {"GET": get_item}),
        ("/orders", {"POST": post_orders}),
        ("/orders/([0-9]{1,9})", {"GET": get_order, "DELETE": delete_order}),
        ("/statistics", {"GET": get_statistics}),
    ]

    # ---- how it is asked ----

    def read_body(self):
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_MAX:
            self.close_connection = True
            raise Refused(413, f"the body is larger than {BODY_MAX} bytes")
        try:
            value = json.loads(self.rfile.read(int(length)))
        except ValueError:
            raise Refused(400, "the body is not JSON") from None
        if not isinstance(value, dict):
            raise Refused(400, "the body must be an object")
        return value

    def route(self):
        url = urlsplit(self.path)
        for pattern, methods in self.ROUTES:
            found = re.fullmatch(pattern, url.path)
            if found:
                method = methods.get("GET" if self.command == "HEAD" else self.command)
                if not method:
                    raise Refused(405, f"{self.command} is not possible here", Allow=", ".join(sorted(methods)))
                return method(self, parse_qs(url.query), *map(int, found.groups()))
        raise Refused(404, "there is nothing here")

    def serve(self):
        try:
            self.route()
        except Refused as refusal:
            self.answer(refusal.status, {"error": str(refusal)}, **refusal.headers)
        except Exception as error:
            self.log_error("%s %s: %r", self.command, self.path, error)
            self.answer(503, {"error": "the shop is not well"})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve


class Server(ThreadingHTTPServer):
    request_queue_size = 128


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
Server(("", 8000), Shop).serve_forever()
