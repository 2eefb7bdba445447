"""The network between a browser and a server, which a test can cut, or hold, as no setting of a browser does."""

import socket
import threading
from contextlib import suppress


class Wire:
    """Passes on what comes to its own port; cut, it refuses; held, it takes and gives nothing, and nobody is told."""

    def __init__(self, port):
        self._to = port
        self._ends = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self.port = 0
        self.mend()

    def mend(self):
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self):
        self._shut(self._listener)
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            self._shut(end)

    def hold(self):
        self._flows.clear()

    def let_go(self):
        self._flows.set()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            with self._lock:
                self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one, other):
        try:
            while content := one.recv(1 << 16):
                self._flows.wait()
                other.sendall(content)
        except OSError:
            pass
        for end in (one, other):
            self._shut(end)

    def _shut(self, end):
        with self._lock:
            self._ends.discard(end)
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
