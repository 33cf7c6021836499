# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian programs in the kernel (direct/): the developer scenarios that need one process.

The roots are made with mmdebstrap once and kept under ${CELLA_CACHE:-~/.cache/cella}/roots."""

import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build"))
DIRECT = BUILD / "src" / "direct" / "cella-direct"
CACHE = pathlib.Path(os.environ.get("CELLA_CACHE", pathlib.Path.home() / ".cache" / "cella")) / "roots"
PACKAGES = {"base": [], "flask": ["python3-flask", "python3-requests", "gunicorn"], "nginx": ["nginx-light"],
            "redis": ["redis-server", "redis-tools"], "memcached": ["memcached"]}


def root_of(name):
    """The root folder `name`; made when it is missing."""
    folder = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
                pytest.skip(f"the root {name} is not there; mmdebstrap as root makes it")
            fresh = CACHE / f"{name}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            packages = [f"--include={','.join(PACKAGES[name])}"] if PACKAGES[name] else []
            subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *packages, "bookworm", fresh], check=True,
                           timeout=600)
            fresh.rename(folder)
    return folder


def run(name, *argv, options=(), data=b"", timeout=60):
    done = subprocess.run([DIRECT, *options, root_of(name), "--", *argv], input=data, capture_output=True,
                          timeout=timeout)
    return done.returncode, done.stdout.decode(errors="replace")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server in the kernel, on a port of loopback."""

    def __init__(self, name, argv, port, options=()):
        self.process = subprocess.Popen([DIRECT, *options, root_of(name), "--", *argv], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.process.kill()
        pytest.fail("the server does not answer: " + self.process.communicate()[0].decode(errors="replace")[-2000:])

    def stop(self, number):
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        return self.process.returncode


def test_d01_python_at_its_fixed_address():
    code = 'import sys;print(sys.version_info[:2],open("/proc/self/maps").read()[:8])'
    assert run("flask", "python3", "-c", code) == (0, "(3, 11) 00400000\n")


def test_d02_exit_codes_and_death_by_signal():
    assert run("base", "sh", "-c", "exit 37")[0] == 37
    assert run("base", "sh", "-c", "kill -SEGV $$")[0] == 139


def test_d03_streams_pass_unchanged():
    data = b"x" * 67108864
    done = subprocess.run([DIRECT, root_of("base"), "--", "cat"], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout == data


def test_d04_arguments_and_environment():
    assert run("base", "printf", "[%s]", "a", "", "b c", "d\te", "é")[1] == "[a][][b c][d\te][é]"
    assert run("base", "sh", "-c", 'echo "${#1} $K"', "_", "x" * 100000, options=["-e", "K=v w"])[1] == "100000 v w\n"


def test_d05_file_semantics():
    code = r"""
import os,errno;os.chdir("/tmp");f=open("a","w+");f.write("x");f.flush();os.unlink("a");f.seek(0);print(f.read(),os.fstat(f.fileno()).st_nlink)
open("b","w").write("old");g=open("b");open("c","w").write("new");os.rename("c","b");print(g.read(),open("b").read());os.link("b","d");print(os.stat("d").st_nlink)
os.truncate("b",1<<30);print(os.stat("b").st_blocks<100,os.pread(os.open("b",0),1,(1<<30)-1))
os.symlink("l2","l1");os.symlink("l1","l2");os.mkdir("e");open("e/f","w")
for fn in (lambda:open("l1"),lambda:os.rmdir("e"),lambda:os.open("b",os.O_CREAT|os.O_EXCL),lambda:os.rename("e","e/x"),lambda:open("b/x"),lambda:os.listdir("b")):
  try: fn()
  except OSError as x: print(errno.errorcode[x.errno],end=" ")
"""
    assert run("flask", "python3", "-c", code)[1] == ("x 0\nold new\n2\nTrue b'\\x00'\n"
                                                      "ELOOP ENOTEMPTY EEXIST EINVAL ENOTDIR ENOTDIR ")


def test_d06_sparse_memory():
    code = """
import mmap;m=mmap.mmap(-1,4<<30,flags=mmap.MAP_PRIVATE|mmap.MAP_ANONYMOUS|0x4000)
[m.__setitem__(i,1) for i in range(0,4<<30,64<<20)];print(m[64<<20],m[1])
m.madvise(mmap.MADV_DONTNEED,0,1<<30);print(m[64<<20],m[2<<30])
try: bytearray(1<<46)
except MemoryError: print("MemoryError")"""
    assert run("flask", "python3", "-c", code)[1] == "1 0\n0 1\nMemoryError\n"


def test_d07_clocks():
    code = """
import time;a=[time.monotonic_ns() for _ in range(300000)];print(all(x<=y for x,y in zip(a,a[1:])))
t=time.monotonic();time.sleep(0.5);print(0.5<=time.monotonic()-t<2);print(int(time.time()))"""
    lines = run("flask", "python3", "-c", code)[1].split()
    assert lines[:2] == ["True", "True"] and abs(int(lines[2]) - time.time()) < 10


def test_d24_resources_agree():
    code = r"""
import os,resource;print(os.cpu_count()==len(os.sched_getaffinity(0))==open("/proc/cpuinfo").read().count("processor\t"))
print(os.readlink("/proc/self/exe"),len(os.listdir("/proc/self/fd"))<8,b"python3" in open("/proc/self/cmdline","rb").read(),resource.getrlimit(resource.RLIMIT_NOFILE)[0]>=1024)
r=[l.split()[1] for l in open("/proc/self/status") if l.startswith("VmRSS")];print(int(r[0])>1000, int(open("/proc/meminfo").read().split()[1])>100000)"""
    assert run("flask", "python3", "-c", code)[1] == "True\n/usr/bin/python3.11 True True True\nTrue True\n"


APP = """import os,hashlib
from flask import Flask,request
app=Flask(__name__)
@app.route("/")
def i(): return "pid %d\\n"%os.getpid()
@app.route("/up",methods=["POST"])
def u(): return hashlib.sha256(request.get_data()).hexdigest()+"\\n"
"""


def test_d08_flask(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    port = free_port()
    server = Server("flask", ["python3", "-m", "flask", "--app", "app", "run", "-p", str(port)], port,
                    ["--mount", f"{tmp_path}:/host", "-e", "PYTHONPATH=/host"])
    answers = []

    def ask():
        for _ in range(25):
            answers.append(urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=90).read())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    data = bytes(5000000)
    sent = urllib.request.urlopen(f"http://127.0.0.1:{port}/up", data=data, timeout=90).read().decode().strip()
    assert (len(answers), {a[:3] for a in answers}) == (200, {b"pid"})
    assert sent == hashlib.sha256(data).hexdigest()
    assert server.stop(signal.SIGTERM) == 143


def redis(port, *words):
    """One command in the wire format; the raw answer."""
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return s.recv(65536)


def test_d11_redis():
    port = free_port()
    server = Server("redis", ["redis-server", "--port", str(port), "--save", "", "--dir", "/tmp"], port)
    bench = subprocess.run(["chroot", root_of("redis"), "redis-benchmark", "-p", str(port), "-q", "-n", "5000", "-c", "50",
                            "-P", "4", "-t", "set,get,incr,lpush,zadd"], capture_output=True, timeout=60)
    assert bench.stdout.replace(b"\r", b"\n").count(b"p50=") == 5
    popped = []
    waiter = threading.Thread(target=lambda: popped.append(redis(port, b"blpop", b"q", b"5")))
    waiter.start()
    time.sleep(0.2)
    redis(port, b"lpush", b"q", b"v")
    waiter.join()
    assert popped[0].endswith(b"$1\r\nv\r\n")
    redis(port, b"set", b"e", b"1", b"px", b"100")
    time.sleep(0.4)
    assert redis(port, b"exists", b"e") == b":0\r\n"
    assert redis(port, b"eval", b"return ARGV[1]+1", b"0", b"41") == b":42\r\n"
    assert server.stop(signal.SIGTERM) == 0


def test_d12_memcached():
    port = free_port()
    server = Server("memcached", ["memcached", "-u", "nobody", "-t", "4", "-p", str(port)], port)
    done = []

    def work(n):
        s = socket.create_connection(("127.0.0.1", port), 20)
        f = s.makefile("rb")
        value = bytes([65 + n]) * (900000 if n == 0 else 5000)
        for _ in range(50):
            s.sendall(b"set k%d 0 0 %d\r\n" % (n, len(value)) + value + b"\r\nget k%d\r\n" % n)
            assert f.readline() == b"STORED\r\n"
            f.readline()
            assert f.readline()[:-2] == value
            f.readline()
        done.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(done) == 8
    assert server.stop(signal.SIGTERM) == 0


NGINX = """daemon off; master_process off; pid /tmp/p; error_log /tmp/e; events {{}}
http {{ access_log off; sendfile on; server {{ listen {port}; root /host/w; }} }}
"""


def test_d13_nginx(tmp_path):
    port = free_port()
    (tmp_path / "w").mkdir()
    big = os.urandom(20000000)
    (tmp_path / "w" / "big").write_bytes(big)
    (tmp_path / "n.conf").write_text(NGINX.format(port=port))
    for path in [tmp_path, tmp_path / "w"]:
        path.chmod(0o755)
    server = Server("nginx", ["nginx", "-c", "/host/n.conf"], port, ["--mount", f"{tmp_path}:/host"])
    url = f"http://127.0.0.1:{port}"
    assert urllib.request.urlopen(url + "/big", timeout=20).read() == big
    part = urllib.request.Request(url + "/big", headers={"Range": "bytes=10-19"})
    assert urllib.request.urlopen(part, timeout=20).read() == big[10:20]
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(url + "/x", timeout=20)
    assert missing.value.code == 404
    assert server.stop(signal.SIGQUIT) == 0


def test_a_missing_program_and_a_foreign_one_are_named(tmp_path):
    assert run("base", "nothing-there")[0] == 127
    (tmp_path / "x").write_bytes(b"\x7fELF\x01" + bytes(60))
    (tmp_path / "x").chmod(0o755)
    assert run("base", "/host/x", options=["--mount", f"{tmp_path}:/host"])[0] == 126


def test_a_signal_from_outside_is_never_taken_by_an_idle_thread():
    code = """
import threading,time
print("go",flush=True)
while True:
  ts=[threading.Thread(target=time.sleep,args=(0.001,)) for _ in range(4)]
  [t.start() for t in ts]
  [t.join() for t in ts]"""
    for n in range(12):
        process = subprocess.Popen([DIRECT, root_of("flask"), "--", "python3", "-c", code], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(0.03 + n * 0.007)
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(20) == 143
        finally:
            process.kill()
            process.stdout.close()
