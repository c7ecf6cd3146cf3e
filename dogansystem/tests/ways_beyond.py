"""Ways in which an app's hook, or a method that a step calls, gets something out of a transaction that is rolled back: files, the network, processes and threads.

It is loaded as a part of the app `contract_other`, so that it is nobody of ours. Each way is called with the test's `Place`, and
comes to one of three things: it is stopped, what it would have sent is listed under a kind, or it is kept in without a word.
"""

import concurrent.futures
import http.client
import multiprocessing
import os
import shutil
import socket
import sqlite3
import subprocess
import syslog
import tempfile
import threading
import urllib.request
from pathlib import Path

import frappe
import requests

from dogansystem.tests.ways import KEPT, STOPPED, Place, in_one, way

# Files


@way("file")
def a_file(_: Place) -> None:
	doc = frappe.get_doc({"doctype": "File", "file_name": "contract-keeping.txt", "content": "kept in"})
	doc.insert(ignore_permissions=True)
	again = frappe.get_doc("File", doc.name)
	assert again.get_content() in ("kept in", b"kept in") and again.exists_on_disk()


@way("file")
def delete_a_file(place: Place) -> None:
	frappe.delete_doc("File", place.file, ignore_permissions=True, force=True)
	assert not os.path.exists(place.path)


@way("file")
def write_into_a_file(place: Place) -> None:
	with open(place.path, "a") as opened:
		opened.write(", and more")
	assert Path(place.path).read_text().endswith(", and more")


@way("file")
def rename_a_file(place: Place) -> None:
	shutil.move(place.path, f"{place.path}.moved")
	assert os.path.exists(f"{place.path}.moved") and not os.path.exists(place.path)


in_one("a lock of a document", KEPT, lambda _: frappe.get_doc("User", "Guest").lock())
in_one("remove a file", "file", lambda place: os.remove(place.path))
in_one("write elsewhere", STOPPED, lambda place: open(place.outside, "w"))
in_one("write elsewhere by pathlib", STOPPED, lambda place: Path(place.outside).write_text("x"))
in_one("write elsewhere, low", STOPPED, lambda place: os.open(place.outside, os.O_WRONLY | os.O_CREAT))
in_one("copy elsewhere", STOPPED, lambda place: shutil.copy(place.path, place.outside))
in_one("a folder", STOPPED, lambda place: os.mkdir(f"{os.path.dirname(place.path)}/contract"))
in_one("a link", STOPPED, lambda place: os.symlink(place.path, place.outside))
in_one("a database of its own", STOPPED, lambda place: sqlite3.connect(place.outside))
in_one("the system's log", STOPPED, lambda _: syslog.syslog("contract"))


@way(KEPT)
def a_temporary_file(_: Place) -> None:
	with tempfile.NamedTemporaryFile("w+", delete=False) as opened:
		opened.write("contract")
	assert Path(opened.name).read_text() == "contract"


@way(KEPT)
def a_print(_: Place) -> None:
	todo = frappe.get_all("ToDo", pluck="name", limit=1)[0]
	assert frappe.get_print("ToDo", todo, as_pdf=True).startswith(b"%PDF")


# The network

in_one("requests", STOPPED, lambda place: requests.get(place.url, timeout=5))
in_one("a request of frappe", STOPPED, lambda place: frappe.integrations.utils.make_get_request(place.url))
in_one("urllib", STOPPED, lambda place: urllib.request.urlopen(place.url, timeout=5))
in_one("a connection that was open", STOPPED, lambda place: place.session.get(place.url, timeout=5))
in_one("a socket that was open", STOPPED, lambda place: place.opened.sendall(b"contract"))
in_one("the number of a socket", STOPPED, lambda place: os.write(place.opened.fileno(), b"contract"))
in_one("a socket", STOPPED, lambda place: socket.create_connection(("127.0.0.1", place.port), 5))
in_one("a name is looked up", STOPPED, lambda _: socket.getaddrinfo("contract.example.com", 80))
in_one("listen", STOPPED, lambda _: socket.create_server(("127.0.0.1", 0)))


@way(STOPPED)
def a_datagram(place: Place) -> None:
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
		opened.sendto(b"contract", ("127.0.0.1", place.port))


@way(STOPPED)
def http_client(place: Place) -> None:
	http.client.HTTPConnection("127.0.0.1", place.port, timeout=5).request("GET", "/")


@way("stopped quietly")
def requests_with_errors_ignored(place: Place) -> None:
	try:
		requests.get(place.url, timeout=5)
	except Exception:
		pass


# Processes and threads


def _write(path: str) -> None:
	Path(path).write_text("contract")


@way(STOPPED)
def a_thread(place: Place) -> None:
	threading.Thread(target=_write, args=(place.outside,)).start()


@way(STOPPED)
def a_pool_of_threads(place: Place) -> None:
	with concurrent.futures.ThreadPoolExecutor(1) as pool:
		pool.submit(_write, place.outside)


@way(STOPPED)
def a_process_of_python(place: Place) -> None:
	multiprocessing.get_context("spawn").Process(target=_write, args=(place.outside,)).start()


in_one("a program", STOPPED, lambda place: subprocess.run(["touch", place.outside]))
in_one("a shell", STOPPED, lambda place: os.system(f"touch {place.outside}"))
in_one("posix_spawn", STOPPED, lambda place: os.posix_spawnp("touch", ["touch", place.outside], os.environ))


@way(STOPPED)
def a_fork(place: Place) -> None:
	if os.fork() == 0:
		_write(place.outside)
		os._exit(0)
