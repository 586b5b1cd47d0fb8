"""Claims about files, folders and disks that a store cannot use."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from discretion.errors import DiscretionError
from discretion.storage import Entry, Store


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "log.db"
    path.write_text("not a database, but long enough to be looked at as one " * 100)
    before = path.read_bytes()
    with pytest.raises(DiscretionError) as caught:
        Store(path)
    assert str(caught.value) == (
        f"{path}: the file is not a Discretion database; move it away, or restore it from a backup"
    )
    assert path.read_bytes() == before


def test_a_folder_that_does_not_exist_is_said(tmp_path):
    path = tmp_path / "nowhere" / "log.db"
    with pytest.raises(DiscretionError, match="check that its folder exists and that you may"):
        Store(path)


@pytest.fixture
def unprivileged():
    """A folder one may not write in: root may anywhere, so root turns into nobody meanwhile."""
    folder = Path(tempfile.mkdtemp())
    Store(folder / "existing.db").close()
    (folder / "existing.db").chmod(0o444)
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
@pytest.mark.parametrize("name", ["existing.db", "new.db"])
def test_a_folder_that_cannot_be_written_to_is_said(unprivileged, name):
    with pytest.raises(DiscretionError, match=r"you may write in it|writable for you"):
        Store(unprivileged / name)


FILL_THE_DISK = """
import sys
from pathlib import Path
from discretion.errors import DiscretionError
from discretion.storage import Entry, Store
path = Path(sys.argv[1])
stored = 0
try:
    with Store(path) as store:
        while True:
            store.append([Entry("answer", str(stored), {"n": stored}, {"text": "x" * 20_000})])
            stored += 1
except DiscretionError as error:
    print(error.what)
(path.parent / "ballast").unlink()
with Store(path) as store:
    assert store.verify().ok
    assert store.count() == stored > 0
    assert store.append([Entry("answer", "after", {})]) == [True]
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can mount")
def test_a_disk_that_is_really_full_is_said_and_can_be_gone_on_with(tmp_path):
    script = (
        'mount -t tmpfs -o size=2m tmpfs "$1" && head -c 500000 /dev/zero > "$1/ballast"'
        ' && "$2" -c "$3" "$1/log.db"'
    )
    command = ["unshare", "--mount", "sh", "-c", script, "sh", tmp_path, sys.executable]
    run = subprocess.run([*command, FILL_THE_DISK], capture_output=True, text=True, check=False)
    if "mount" in run.stderr or "unshare" in run.stderr:
        pytest.skip(f"no file system of its own: {run.stderr.strip()}")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout in (
        "the disk is full\n",
        "the disk failed while the database was read or written\n",
    )


class AnyUse(RuleBasedStateMachine):
    """Whatever is done to a log, it holds what a dictionary would, and verifies."""

    keys = st.sampled_from([f"k{i}" for i in range(8)])
    kinds = st.sampled_from(["judgment", "answer"])
    personal = st.none() | st.dictionaries(st.text(), st.text(), max_size=2)

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.open()
        self.model = {}
        self.heads = [self.store.head()]

    def open(self):
        self.store = Store(Path(self.folder.name) / "log.db")

    def remember(self, entry):
        new = (entry.kind, entry.key) not in self.model
        self.model.setdefault((entry.kind, entry.key), entry.personal)
        return new

    @rule(names=st.lists(st.tuples(kinds, keys), max_size=6), personal=personal)
    def append(self, names, personal):
        entries = [Entry(kind, key, {"key": key}, personal) for kind, key in names]
        assert self.store.append(entries) == [self.remember(entry) for entry in entries]

    @rule(kind=kinds, key=keys, personal=personal)
    def put(self, kind, key, personal):
        entry = Entry(kind, key, {"key": key}, personal)
        self.store.put(entry)
        self.remember(entry)

    @rule(kind=kinds, key=keys)
    def erase(self, kind, key):
        if (kind, key) not in self.model:
            with pytest.raises(DiscretionError):
                self.store.erase(kind, "", key, "asked")
            return
        there = self.model[kind, key] is not None
        assert self.store.erase(kind, "", key, "asked") is there
        self.model[kind, key] = None

    @rule()
    def reopen(self):
        self.store.close()
        self.open()

    @invariant()
    def the_log_verifies_and_holds_what_was_stored(self):
        self.store.flush()
        self.heads.append(self.store.head())
        assert all(self.store.verify(head).ok for head in (self.heads[0], self.heads[-1]))
        assert self.store.verify(self.heads[len(self.heads) // 2]).ok
        stored = [*self.store.entries("judgment"), *self.store.entries("answer")]
        assert {(entry.kind, entry.key): entry.personal for entry in stored} == self.model

    def teardown(self):
        self.store.close()
        self.folder.cleanup()


TestAnyUse = AnyUse.TestCase
TestAnyUse.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
