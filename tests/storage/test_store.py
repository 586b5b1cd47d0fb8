"""A log is appended and read; what is personal can be erased from it."""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from discretion.errors import DiscretionError
from discretion.storage import Entry, Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        yield store


def judgment(key, why="because"):
    return Entry("judgment", key, {"answer": "grant"}, {"why": why})


def test_an_entry_comes_back_as_it_was_stored(store):
    store.append([Entry("answer", "a", {"p": 0.1}, {"text": "yes"}, grouping="run-1")])
    stored = store.get("answer", "run-1", "a")
    assert (stored.kind, stored.grouping, stored.key) == ("answer", "run-1", "a")
    assert (stored.body, stored.personal) == ({"p": 0.1}, {"text": "yes"})
    assert (stored.seq, stored.erased) == (1, False)


def test_what_is_not_there_is_none(store):
    store.append([judgment("j")])
    assert store.get("judgment", "", "other") is None
    assert store.get("judgment", "run-1", "j") is None
    assert store.get("answer", "", "j") is None


def test_appending_again_changes_nothing(store):
    assert store.append([judgment("j1", "first")]) == [True]
    head = store.head()
    assert store.append([judgment("j1", "second")]) == [False]
    assert store.head() == head
    assert store.get("judgment", "", "j1").personal == {"why": "first"}


def test_appending_says_which_were_new_within_one_call_too(store):
    store.append([judgment("j2")])
    keys = ["j1", "j2", "j1", "j3"]
    assert store.append([judgment(key) for key in keys]) == [True, False, False, True]


def test_one_key_may_stand_under_several_kinds_and_groupings(store):
    entries = [Entry("a", "k", {}), Entry("b", "k", {}), Entry("a", "k", {}, grouping="g")]
    assert store.append(entries) == [True, True, True]


def test_appending_nothing_is_nothing(store):
    assert store.append([]) == []
    assert store.count() == 0


def test_keys_come_sorted_over_many_pages_and_without_their_neighbors(store, monkeypatch):
    monkeypatch.setattr("discretion.storage.store._KEYS", 7)
    wanted = ["", "a", "a b", "a b c", "Z", "é", "\U0001f600", *map(str, range(20))]
    others = [
        Entry("used", "b", {}),
        Entry("used", "b", {}, grouping="run-10"),
        Entry("us", "b", {}, grouping="run-1"),
    ]
    store.append([*others, *(Entry("used", key, {}, grouping="run-1") for key in wanted)])
    assert list(store.keys("used", "run-1")) == sorted(wanted)
    assert list(store.keys("used")) == ["b"]
    assert list(store.keys("used", "run-2")) == []


def test_keys_whose_number_fills_the_last_page_are_all_there(store, monkeypatch):
    monkeypatch.setattr("discretion.storage.store._KEYS", 5)
    store.append([Entry("used", str(i), {}) for i in range(10)])
    assert len(list(store.keys("used"))) == 10


def test_an_append_with_a_bad_entry_stores_none_of_it(store):
    with pytest.raises(ValueError, match="JSON"):
        store.append([judgment("j1"), Entry("answer", "a", {"p": float("nan")})])
    assert store.count() == 0


def test_entries_come_in_the_order_of_the_log_over_many_pages(store):
    store.append(
        [Entry("answer", f"{i * 7919 % 1201}", {"i": i}, grouping=str(i % 2)) for i in range(1201)]
    )
    assert [entry.body["i"] for entry in store.entries("answer")] == list(range(1201))
    assert [entry.body["i"] for entry in store.entries("answer", "1")] == list(range(1, 1201, 2))
    assert list(store.entries("judgment")) == []


def test_entries_may_be_appended_while_they_are_read(store):
    store.append([judgment(f"j{i}") for i in range(700)])
    for entry in store.entries("judgment"):
        store.append([Entry("answer", entry.key, {})]) if entry.seq % 100 == 0 else None
    assert store.count("answer") == 7


def test_find_keeps_the_order_of_the_keys_and_leaves_out_what_is_missing(store):
    store.append([judgment(f"j{i}") for i in range(1200)])
    keys = [f"j{i}" for i in range(1300, -1, -1)]
    assert [entry.key for entry in store.find("judgment", keys)] == keys[101:]


def test_has_tells_the_keys_that_are_there(store):
    store.append([Entry("answer", f"a{i}", {}) for i in range(0, 5000, 2)])
    asked = [f"a{i}" for i in range(5000)]
    assert store.has("answer", asked) == set(asked[::2])
    assert store.has("answer", asked, "run-1") == set()
    assert store.has("answer", []) == set()


def test_count_is_of_all_of_a_kind_and_of_a_grouping(store):
    store.append([Entry("a", str(i), {}, grouping="g") for i in range(3)])
    store.append([Entry("a", "x", {}), Entry("b", "x", {}, grouping="g")])
    assert [store.count(), store.count("a"), store.count("a", "g")] == [5, 4, 3]


def test_the_personal_part_can_be_left_unread(store):
    store.append([judgment("j"), Entry("judgment", "k", {})])
    with_part, without_part = store.entries("judgment", personal=False)
    assert (with_part.personal, with_part.erased) == (None, None)
    assert (without_part.personal, without_part.erased) == (None, False)
    (found,) = store.find("judgment", ["j"], personal=False)
    assert found == with_part


def test_reading_many_entries_takes_little_memory(store):
    store.append([Entry("answer", str(i), {"i": i}, {"text": "x" * 2000}) for i in range(10_000)])
    tracemalloc.start()
    try:
        total = sum(entry.body["i"] for entry in store.entries("answer"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == sum(range(10_000))
    assert peak < 5_000_000  # The texts alone are 20 MB.


def test_erasing_takes_the_personal_part_and_the_chain_still_verifies(store):
    store.append([judgment("j1"), judgment("j2")])
    assert store.erase("judgment", "", "j1", "the rater asked") is True
    erased = store.get("judgment", "", "j1")
    assert (erased.body, erased.personal, erased.erased) == ({"answer": "grant"}, None, True)
    assert store.get("judgment", "", "j2").personal == {"why": "because"}
    (record,) = store.entries("erasure")
    assert record.body == {
        "kind": "judgment",
        "grouping": "",
        "key": "j1",
        "why": "the rater asked",
    }
    found = store.verify()
    assert found.ok
    assert found.erased == 1


def test_erasing_twice_or_where_nothing_is_personal_records_nothing(store):
    store.append([judgment("j"), Entry("answer", "a", {})])
    store.erase("judgment", "", "j", "asked")
    head = store.head()
    assert store.erase("judgment", "", "j", "asked again") is False
    assert store.erase("answer", "", "a", "asked") is False
    assert store.head() == head


def test_what_was_erased_does_not_come_back_when_it_is_appended_again(store):
    store.append([judgment("j")])
    store.erase("judgment", "", "j", "asked")
    assert store.append([judgment("j")]) == [False]
    assert store.get("judgment", "", "j").erased is True


def test_erasing_what_was_only_put_waits_for_it(store):
    store.put(judgment("j"))
    assert store.erase("judgment", "", "j", "asked") is True


def test_erasing_what_is_not_there_is_an_error(store):
    with pytest.raises(DiscretionError, match="there is no judgment 'j' to erase"):
        store.erase("judgment", "", "j", "asked")


def test_erasures_are_written_by_erase_alone(store):
    with pytest.raises(ValueError, match=r"Store\.erase"):
        store.append([Entry("erasure", "1", {})])


@pytest.mark.parametrize("seed", [11, 24])
def test_no_byte_of_what_was_erased_stays_in_the_files(store, seed):
    """Short texts share pages with neighbors, long ones have their own. With these seeds
    deleting the rows instead would leave copies, in spite of secure_delete."""
    rng = random.Random(seed)
    kept, erased = set(), set()
    for start in range(0, 300, 30):
        keys = range(start, start + 30)
        store.append(
            [
                judgment(str(key), f"<secret {key}>" * rng.choice([1, 20, 60, 100, 200, 1000]))
                for key in keys
            ]
        )
        kept.update(keys)
        for key in rng.sample(sorted(kept), len(kept) // 2):
            store.erase("judgment", "", str(key), "asked")
            kept.remove(key)
            erased.add(key)
    files = b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    left = {int(key) for key in re.findall(rb"<secret (\d+)>", files)}
    assert left == kept
    assert store.verify().ok


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
