import tomllib
from pathlib import Path

import pytest

from newsletter.domain.errors import StoreError
from newsletter.storage import Store
from tests.cli.conftest import House
from tests.conftest import new_database


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_makes_a_folder_to_work_in(house: House, elsewhere: Path) -> None:
    done = house.bare("init", "a/b")
    made = elsewhere / "a/b"
    assert done.code == 0
    assert sorted(path.name for path in made.iterdir()) == [
        "config.toml",
        "inbox",
        "newsletter.db",
        "newsletter.secret",
    ]
    for path in (made / "config.toml", made / "inbox"):
        assert str(path) in done.out
    assert tomllib.loads((made / "config.toml").read_text()) is not None


def test_init_makes_files_that_only_the_owner_can_read(house: House, elsewhere: Path) -> None:
    house.bare("init")
    for name in ("config.toml", "newsletter.secret", "newsletter.db"):
        assert mode(elsewhere / name) == 0o600
    assert len((elsewhere / "newsletter.secret").read_text().strip()) >= 32


def test_a_new_newsletter_works_at_once(house: House, elsewhere: Path) -> None:
    house.bare("init")
    assert house.bare("status").code == 0
    assert house.bare("ingest").code == 0
    sent = house.bare("send")
    assert (sent.code, sent.stdout) == (2, b"")
    assert "newsletter.from_address is missing" in sent.stderr


def test_init_refuses_to_overwrite_and_leaves_all_as_it_was(house: House) -> None:
    house.stock(0, 2)
    before, config = everything(house.folder), house.config.stat().st_mtime_ns
    done = house.bare("init", str(house.folder))
    assert done.code == 2
    assert f"{house.config} is there already; nothing was changed" in done.stderr
    assert everything(house.folder) == before
    assert house.config.stat().st_mtime_ns == config


def test_init_writes_a_secret_that_is_missing_and_nothing_else(house: House) -> None:
    secret = house.folder / "newsletter.secret"
    secret.unlink()
    errors = house("serve").stderr
    before = everything(house.folder)
    assert f"{secret} is missing: restore it from the backup" in errors
    assert f"`newsletter init {house.folder}` makes another" in errors
    done = house.bare("init", str(house.folder))
    assert (done.code, f"{secret}: a new secret" in done.out) == (0, True)
    after = everything(house.folder)
    assert len(after.pop(str(secret))) > 32
    assert (after, mode(secret)) == (before, 0o600)
    assert house.bare("init", str(house.folder)).code == 2


def test_init_looks_for_the_secret_where_the_configuration_says(house: House) -> None:
    house.config.write_text(f"{house.config.read_text()}\n[web]\nsecret_file = 'other'\n")
    assert house.bare("init", str(house.folder)).code == 0
    assert mode(house.folder / "other") == 0o600


def test_init_beside_an_older_database_keeps_it_and_its_secret(house: House) -> None:
    house.subscribe("ann@letters.example")
    secret = (house.folder / "newsletter.secret").read_bytes()
    house.config.unlink()
    assert house.bare("init", str(house.folder)).code == 0
    assert (house.folder / "newsletter.secret").read_bytes() == secret
    assert "ann@letters.example" in house("subscribers", "list").out


@pytest.mark.parametrize("name", ["inbox", "newsletter.db"])
def test_init_that_fails_leaves_no_configuration_behind(
    house: House, elsewhere: Path, name: str
) -> None:
    (elsewhere / name).write_text("Something else altogether. " * 50)
    done = house.bare("init")
    assert done.code == 1
    assert "Traceback" not in done.stderr
    assert not (elsewhere / "config.toml").exists()
    assert (elsewhere / name).read_text().startswith("Something else")


def test_init_says_why_a_folder_cannot_be_made(house: House, elsewhere: Path) -> None:
    (elsewhere / "taken").write_text("a file")
    assert house.bare("init", "taken").code == 2
    deep = house.bare("init", "taken/deeper")
    assert (deep.code, "Traceback" in deep.stderr) == (1, False)
    assert "taken/deeper: Not a directory" in deep.stderr


def test_init_and_config_do_not_go_together(house: House, elsewhere: Path) -> None:
    done = house.bare("--config", "mine.toml", "init")
    assert done.code == 2
    assert "leave --config out" in done.stderr
    assert not list(elsewhere.iterdir())


def test_migrate_says_where_the_database_stands(house: House) -> None:
    before = house.dump()
    done = house("migrate")
    assert done.code == 0
    assert "the database is up to date, at 0" in done.out
    assert house.dump() == before


COMMANDS = (
    ("status",),
    ("send",),
    ("send", "--dry-run"),
    ("send", "--test", "ann@letters.example"),
    ("ingest",),
    ("preview",),
    ("explain",),
    ("related", "a text"),
    ("deliveries",),
    ("deliveries", "resolve", "--as", "sent"),
    ("pause",),
    ("resume",),
    ("cancel", "--date", "2026-03-14"),
    ("subscribers", "add", "ann@letters.example"),
    ("subscribers", "list"),
    ("subscribers", "export"),
    ("subscribers", "remove", "ann@letters.example"),
    ("run",),
    ("serve",),
    ("backup", "copy.db"),
    ("doctor",),
)


@pytest.mark.parametrize("fault", ["is missing", "is empty"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_makes_a_database_where_there_is_none(
    house: House, words: tuple[str, ...], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(house.folder)
    empty = fault == "is empty"
    path = house.folder / "newsletter.db"
    path.unlink()
    if empty:
        path.touch()
    done = house(*words)
    assert done.code == 1
    output = done.stderr + done.out
    if words[0] != "backup" or not empty:
        assert f"the database {path} {fault}: see that its disk" in output.replace(
            "\n      fix", ""
        )
        assert "newsletter restore FILE" in output
        assert "newsletter migrate" in output
    assert path.exists() == empty
    assert not empty or not path.stat().st_size
    assert not (house.folder / "copy.db").exists()


def test_migrate_makes_a_database_where_there_is_none(house: House) -> None:
    (house.folder / "newsletter.db").unlink()
    assert house("migrate").code == 0
    assert mode(house.folder / "newsletter.db") == 0o600
    assert house("status").code == 0


def test_an_empty_postgresql_is_filled_by_migrate_alone(house: House, postgresql: str) -> None:
    house.environment["NEWSLETTER_STORE__URL"] = new_database(postgresql)
    done = house("send")
    assert (done.code, "holds no newsletter: `newsletter migrate` makes" in done.stderr) == (
        1,
        True,
    )
    assert "restore" not in done.stderr.replace("pg_restore", ""), "no file is put in its place"
    assert "disk" not in done.stderr
    assert house("migrate").code == 0
    assert house("status").code == 0


def test_no_database_is_made_when_the_disk_goes_away(house: House) -> None:
    """The folder it was mounted on is still there, and empty."""
    store = Store("sqlite:///newsletter.db", house.folder)
    store.engine.dispose()
    (house.folder / "newsletter.db").unlink()
    with pytest.raises(StoreError, match="unable to open"), store.reading():
        pass
    store.close()
    assert not (house.folder / "newsletter.db").exists()


def test_init_writes_the_files_for_a_server(house: House, elsewhere: Path) -> None:
    done = house.bare("init", "place", "--systemd")
    deploy = elsewhere / "place" / "deploy"
    assert done.code == 0
    assert "systemctl enable --now newsletter newsletter-web\n" in done.out  # and no worker
    unit = (deploy / "newsletter.service").read_text()
    assert f"--config {elsewhere / 'place'}/config.toml run\n" in unit
    assert f"ReadWritePaths={elsewhere / 'place'}\n" in unit


def test_init_writes_them_for_a_newsletter_that_is_there(house: House) -> None:
    house.stock(0, 2)
    config = house.config.read_text()
    house.config.write_text(config + '\n[web]\nport = 9999\nhost = "::1"\n')
    before = everything(house.folder)
    done = house.bare("init", str(house.folder), "--systemd")
    assert (done.code, done.stderr) == (0, "")
    after = everything(house.folder)
    assert {path: after[path] for path in before} == before
    assert "proxy_pass http://[::1]:9999;" in (house.folder / "deploy/nginx.conf").read_text()


def test_a_demo_in_a_folder_that_is_in_use_is_refused(house: House) -> None:
    before = house.dump()
    done = house.bare("demo", str(house.folder))
    assert done.code == 2
    assert "is there already; nothing was changed" in done.stderr
    assert house.dump() == before
