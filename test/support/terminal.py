"""Runs a command in its own terminal: stdin is typed into it, stdout is what it shows.

The first argument is the number of columns; then follows the command. On stderr: the command's process
id, the terminal's name, and at the end, as JSON, how it ended and whether the terminal is as it was before.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios

master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.close(master)
    os.execvp(sys.argv[2], sys.argv[2:])
print(pid, os.ttyname(slave), sep="\n", file=sys.stderr, flush=True)


def show(timeout):
    while select.select([master], [], [], timeout)[0]:
        os.write(1, os.read(master, 65536))
        timeout = 0


stdin = [0]
while True:
    ready = select.select([master, *stdin], [], [], 0.02)[0]
    if 0 in ready:
        typed = os.read(0, 4096)
        if typed:
            os.write(master, typed)
        else:
            stdin = []
            os.kill(pid, signal.SIGHUP)
    if master in ready:
        show(0)
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        break
show(0.05)
code = os.waitstatus_to_exitcode(status)
print(json.dumps({"code": code, "restored": termios.tcgetattr(slave) == before}), file=sys.stderr)
