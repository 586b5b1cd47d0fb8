"""Jobs at a provider: started once, followed, found again, and paid for once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from discretion.core.arms import Choices, Message, Prompt
from discretion.core.cases import Case
from discretion.errors import DiscretionError, StoppedError
from discretion.models.endpoint import Endpoint
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.openai import OpenAIDialect
from discretion.training import openai_jobs
from discretion.training.chats import ChatJob, chats_of
from discretion.training.examples import Example, TrainingItem
from discretion.training.openai_jobs import OpenAITrainer, cancelled, read_state
from discretion.training.recipes import Recipe
from servers.fine_tuning import BASE, KEY, Provider

pytest.importorskip("openai")

JOBS = "/fine_tuning/jobs"


@pytest.fixture
def provider(monkeypatch):
    monkeypatch.setattr(openai_jobs, "FIRST_POLL_S", 0.01)
    monkeypatch.setattr(openai_jobs, "LONGEST_POLL_S", 0.01)
    monkeypatch.setattr("discretion.models.fine_tuning.LOOKS_S", (0.0, 0.01))
    monkeypatch.setattr("discretion.models.retry.FIRST_S", 0.01)
    with Provider(trains=False) as running:
        yield running


def examples():
    """Three of four people grant."""
    prompt = Prompt(
        (Message("system", "Be fair."), Message("user", "Day 15?")),
        Choices("yes grants", ("yes",), ("no",), grant_first=True),
    )
    case = Case("c", "p", "s", text="Day 15?")
    return [
        Example(TrainingItem("a", case, granted=True), prompt, "yes", weight=3),
        Example(TrainingItem("b", case, granted=False), prompt, "no", weight=1),
    ]


def job_at(provider, recipe=None, *, seed=0, **settings):
    made = EndpointSettings(base_url=provider.url, model=BASE, **settings)
    base = Endpoint("far", made, OpenAIDialect())
    return ChatJob("far-labels-0", base, chats_of(examples(), base), recipe or Recipe(), seed)


def waiting(provider, hours=0.0):
    return job_at(provider, Recipe(wait_seconds=3600 * hours))


@pytest.fixture
def work(tmp_path):
    return tmp_path


def tune(job, work, watch=lambda _: None):
    return OpenAITrainer().tune(job, work, watch)


def test_what_people_gave_alike_stands_as_often_as_they_gave_it(provider, work):
    served = tune(job_at(provider, system="merge"), work)
    assert (served.job, served.trained_tokens) == ("ftjob-1", 900)
    rows = [one["messages"] for one in provider.lines("file-1")]
    assert Counter(row[-1]["content"] for row in rows) == {"yes": 3, "no": 1}
    assert all(row[0] == {"role": "user", "content": "Be fair.\n\nDay 15?"} for row in rows)
    assert {tuple(row) for row in rows[0]} == {("role", "content")}


def test_the_seed_draws_the_order_of_the_lines_and_makes_another_job(provider):
    one, other = job_at(provider), job_at(provider, seed=1)
    assert sorted(other.content.splitlines()) == sorted(one.content.splitlines())
    assert other.key != one.key


def test_settings_are_passed_on(provider, work):
    recipe = Recipe(epochs=2, batch=5, more={"learning_rate_multiplier": 0.5})
    tune(job_at(provider, recipe, seed=7), work)
    [job] = provider.jobs.values()
    hyper = {"n_epochs": 2, "batch_size": 5, "learning_rate_multiplier": 0.5}
    assert job["method"] == {"type": "supervised", "supervised": {"hyperparameters": hyper}}
    assert (job["seed"], job["model"]) == (7, BASE)


def test_a_job_that_never_ends_is_left_and_followed_again(provider, work):
    provider.hangs = True
    with pytest.raises(StoppedError, match="has not ended after 0 minutes, and is queued") as left:
        tune(waiting(provider), work)
    assert "to end it: discretion models cancel far-labels-0" in left.value.fix
    provider.train("ftjob-1")
    assert tune(waiting(provider), work).model == "ft:far-labels-0"
    assert (len(provider.files), len(provider.jobs)) == (1, 1)


def test_an_interrupt_leaves_the_job_running_and_says_so(provider, work):
    provider.hangs = True

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(StoppedError, match="stopped following ftjob-1, which keeps running"):
        tune(job_at(provider), work, interrupt)
    assert read_state(work).job == "ftjob-1"


def test_a_cancelled_job_ends_and_the_next_one_is_another(provider, work):
    provider.hangs = True
    job = waiting(provider)
    with pytest.raises(DiscretionError, match="no job of 'far-labels-0' is known"):
        cancelled(job.name, job.base, work)
    with pytest.raises(StoppedError):
        tune(job, work)
    assert cancelled(job.name, job.base, work).status == "cancelled"
    provider.hangs = False
    assert tune(job, work).job == "ftjob-2"
    assert [one["status"] for one in provider.jobs.values()] == ["cancelled", "succeeded"]


@pytest.mark.parametrize("hides", [0, 2, 9])
def test_an_answer_that_was_lost_never_starts_a_second_job(provider, work, hides):
    """The server starts the job and says 500; its list shows the job at once, a little later, or
    after the command has given up."""
    provider.faults["POST /fine_tuning/jobs"] = [(-500, "server_error")]
    provider.hides = hides
    job = job_at(provider)
    if hides == 9:
        with pytest.raises(StoppedError, match="not known whether a job was started") as stopped:
            tune(job, work)
        assert "it looks for the job first" in stopped.value.fix
        provider.hides = 0
    assert tune(job, work).job == "ftjob-1"
    assert (len(provider.jobs), provider.count("POST", JOBS)) == (1, 1)


def test_a_server_without_a_list_of_jobs_is_not_asked_twice_for_one(provider, work):
    provider.faults["GET /fine_tuning/jobs"] = [(404, "")] * 9
    provider.faults["POST /fine_tuning/jobs"] = [(-500, "server_error")]
    for _ in range(2):
        with pytest.raises(StoppedError, match="has no list of jobs") as stopped:
            tune(job_at(provider), work)
        assert f"remove {work / 'job.json'}" in stopped.value.fix
    assert provider.count("POST", JOBS) == 1


def test_the_work_folder_may_be_lost_and_the_job_is_found(provider, work):
    """Among more jobs and files than one page of a list holds."""
    for seed in range(1, 5):
        (work / str(seed)).mkdir()
        tune(job_at(provider, seed=seed), work / str(seed))
    (work / "lost").mkdir()
    (work / "new").mkdir()
    first = tune(job_at(provider), work / "lost")
    for seed in range(5, 9):
        (work / str(seed)).mkdir()
        tune(job_at(provider, seed=seed), work / str(seed))
    assert tune(job_at(provider), work / "new").job == first.job
    assert (len(provider.files), len(provider.jobs)) == (9, 9)


def test_what_is_turned_away_for_a_while_is_tried_again(provider, work):
    provider.faults = {
        "POST /files": [(429, "rate_limit_exceeded"), (503, "overloaded")],
        "POST /fine_tuning/jobs": [(429, "rate_limit_exceeded")],
        "GET /fine_tuning/jobs/ftjob-1": [(500, "server_error"), (502, "bad_gateway")],
        "GET /fine_tuning/jobs/ftjob-1/events": [(404, "")],
    }
    assert tune(job_at(provider), work).job == "ftjob-1"
    assert len(provider.jobs) == 1


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (
            {"POST /files": [(400, "invalid_file")]},
            "rejects the training file (400): told to fail: invalid_file",
        ),
        (
            {"POST /fine_tuning/jobs": [(400, "no_such_model")]},
            "refuses the fine-tuning job (400): told to fail: no_such_model",
        ),
        (
            {"GET /files": [(404, "")], "POST /files": [(404, "")]},
            "check base_url and model; it may have no fine-tuning API",
        ),
        ({"POST /fine_tuning/jobs": [(402, "")]}, "asks for payment (402)"),
    ],
)
def test_what_the_server_refuses_is_said_and_costs_nothing(provider, work, faults, sentence):
    provider.faults = faults
    with pytest.raises(DiscretionError) as refused:
        tune(job_at(provider), work)
    assert sentence in str(refused.value)
    assert not provider.jobs
    assert tune(job_at(provider), work).job == "ftjob-1"


def test_a_job_that_fails_is_said_and_the_next_has_a_file_of_its_own(provider, work):
    provider.fails = "out of\nmemory"
    with pytest.raises(DiscretionError, match="the job ftjob-1 failed: out of memory"):
        tune(job_at(provider), work)
    provider.fails = ""
    assert tune(job_at(provider), work).job == "ftjob-2"
    first, second = provider.jobs.values()
    assert first["training_file"] != second["training_file"]


def test_a_wrong_key_is_said_without_it(provider, work, monkeypatch):
    provider.wants_key = True
    monkeypatch.setenv("FAR_KEY", "sk-secret")
    with pytest.raises(DiscretionError) as refused:
        tune(job_at(provider, key_env="FAR_KEY"), work)
    assert "does not accept the key (401, invalid_api_key)" in str(refused.value)
    assert "check the key in FAR_KEY" in str(refused.value) and "sk-" not in str(refused.value)
    monkeypatch.setenv("FAR_KEY", KEY)
    assert tune(job_at(provider, key_env="FAR_KEY"), work).job == "ftjob-1"


def test_no_network_stops_it_and_says_how_to_go_on(provider, work):
    provider.hangs = True
    job = waiting(provider)
    with pytest.raises(StoppedError):
        tune(job, work)
    provider.faults["GET /fine_tuning/jobs/ftjob-1"] = [(503, "down")] * 2
    settings = job.base.settings.model_copy(update={"attempts": 2})
    there = replace(job, base=Endpoint("far", settings, OpenAIDialect()))
    with pytest.raises(StoppedError) as stopped:
        tune(there, work)
    assert "repeat the command to go on following it" in stopped.value.fix
    gone = settings.model_copy(update={"base_url": "http://127.0.0.1:9/v1", "attempts": 1})
    (work / "gone").mkdir()
    with pytest.raises(StoppedError, match="cannot be reached"):
        tune(replace(job, base=Endpoint("far", gone, OpenAIDialect())), work / "gone")


def test_other_work_of_the_same_name_does_not_take_a_running_jobs_place(provider, work):
    provider.hangs = True
    with pytest.raises(StoppedError):
        tune(waiting(provider), work)
    with pytest.raises(DiscretionError, match="another training of this name is on its way"):
        tune(job_at(provider, Recipe(batch=3)), work)
    assert len(provider.jobs) == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"weight_decay": 1}, "a fine-tuning API has no setting 'weight_decay'"),
        ({"method": "dpo"}, "the examples are for the method 'supervised', not 'dpo'"),
        ({"batch_size": -1}, "must be a number above zero, or auto, not -1"),
        ({"n_epochs": 1.5}, "must be a number above zero, or auto, not 1.5"),
    ],
)
def test_settings_that_no_provider_takes_are_refused(provider, more, sentence):
    with pytest.raises(DiscretionError, match=sentence.replace("(", r"\(")):
        OpenAITrainer().check(Recipe(more=more), job_at(provider).base)
    OpenAITrainer().check(Recipe(more={"batch_size": "auto"}), job_at(provider).base)


def test_notes_that_were_damaged_start_nothing(provider, work):
    (work / "job.json").write_text(json.dumps({"key": 1, "x": 2}), encoding="utf-8")
    with pytest.raises(DiscretionError, match="notes on a fine-tuning job cannot be read"):
        tune(job_at(provider), work)
    assert not provider.asked
