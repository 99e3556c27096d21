"""Counts its visits in the database."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        connection = psycopg2.connect(os.environ["DATABASE"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("INSERT INTO visit DEFAULT VALUES")
                cursor.execute("SELECT count(*) FROM visit")
                (count,) = cursor.fetchone()
        finally:
            connection.close()
        body = f"visit {count}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 8000), Handler).serve_forever()
