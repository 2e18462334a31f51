"""Settings are read once, checked at start, and each has its line in the docs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from catalogue.settings import PREFIX, Settings, SettingsInvalid

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_an_operators_policy_can_be_chosen_by_name(tmp_path: Path) -> None:
    file = tmp_path / "policies.json"
    file.write_text('{"version": 1, "policies": {"tender": {"required": ["shapes"]}}}', encoding="utf-8")
    settings = Settings(policy="tender", policies=str(file))
    assert settings.own_policies["tender"].name == "tender"
    with pytest.raises(SettingsInvalid, match="no policy is called 'tender'"):
        Settings(policy="tender")
    file.write_text('{"version": 1, "policies": {"tender": {"required": ["shape"]}}}', encoding="utf-8")
    with pytest.raises(SettingsInvalid, match="no check is called 'shape'"):
        Settings(policies=str(file))


def test_every_setting_has_its_line_with_default_and_sentence_in_the_docs() -> None:
    rows = re.findall(r"^\| `(CATALOGUE_\w+)` \| (.*?) \| (.*?) \|$", DOCS.read_text(encoding="utf-8"), re.M)
    documented = {key: (default, doc) for key, default, doc in rows}
    expected = {
        PREFIX + entry.name.upper(): (_shown(entry.default), entry.metadata["doc"])
        for entry in fields(Settings)
    }
    assert documented == expected


def _shown(default: object) -> str:
    if default in ("", frozenset()):
        return "empty"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_environment_is_read_in_the_type_of_each_setting(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            "CATALOGUE_PORT": "9000",
            "CATALOGUE_DATA": str(tmp_path),
            "CATALOGUE_ALLOW_RS256": "yes",
            "CATALOGUE_SELF_CERTIFYING_HOSTS": "a.example, b.example",
            "PATH": "/bin",
        }
    )
    assert (settings.port, settings.data, settings.allow_rs256) == (9000, tmp_path, True)
    assert settings.self_certifying_hosts == {"a.example", "b.example"}
    assert settings.store_url == f"sqlite:///{tmp_path}/catalogue.sqlite"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CATALOGUE_PROT", "9000"),
        ("CATALOGUE_PORT", "0"),
        ("CATALOGUE_PORT", "many"),
        ("CATALOGUE_ALLOW_RS256", "perhaps"),
        ("CATALOGUE_ADMISSION", "closed"),
        ("CATALOGUE_POLICY", "none"),
        ("CATALOGUE_RATE_PUBLISH", "often"),
        ("CATALOGUE_MAX_BYTES", "0"),
        ("CATALOGUE_READY_LAG", "-1"),
        ("CATALOGUE_SEARCH_URL", "search.example:9200"),
        ("CATALOGUE_SEARCH_URL", "https://a.example,ftp://b.example"),
        ("CATALOGUE_SEARCH_FALLBACK", "embedded"),
        ("CATALOGUE_SEARCH_INDEX", "Catalogue"),
        ("CATALOGUE_SEARCH_SHARDS", "0"),
        ("CATALOGUE_SEARCH_CA_FILE", "/nowhere/ca.pem"),
        ("CATALOGUE_DID_CACHE_SECONDS", "3601"),
        ("CATALOGUE_OPERATOR_TOKEN_SHA256", "secret"),
        ("CATALOGUE_TRUST_LIST", "/nowhere/list.json"),
        ("CATALOGUE_HOST", "0.0.0.0"),
        ("CATALOGUE_BASE_URL", "ftp://node.example"),
        ("CATALOGUE_LOG_LEVEL", "loud"),
    ],
)
def test_setting_that_cannot_be_used_is_named(key: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment({key: value})
    assert caught.value.key == ("CATALOGUE_BASE_URL" if key == "CATALOGUE_HOST" else key)


def test_base_url_is_not_needed_on_loopback() -> None:
    assert Settings(host="::1", port=81).url == "http://[::1]:81"
    assert Settings(host="0.0.0.0", base_url="https://node.example/").url == "https://node.example"


def test_secrets_of_the_search_are_not_shown() -> None:
    settings = Settings(
        search_url="https://search.example", search_user="catalogue", search_password="geheim1"
    )
    assert "geheim" not in repr(settings)
    assert "geheim" not in repr(Settings(search_url="https://search.example", search_api_key="geheim2"))


def test_credentials_of_the_search_are_refused_where_they_would_be_logged_or_are_half() -> None:
    for values, key in (
        ({"search_url": "https://user:geheim@search.example"}, "SEARCH_URL"),
        ({"search_password": "geheim"}, "SEARCH_USER"),
        ({"search_user": "catalogue", "search_api_key": "geheim"}, "SEARCH_API_KEY"),
    ):
        with pytest.raises(SettingsInvalid) as refusal:
            Settings(**values)
        assert refusal.value.key == PREFIX + key
        assert "geheim" not in str(refusal.value)


def test_nodes_of_a_search_cluster_are_listed_by_commas() -> None:
    settings = Settings(search_url=" https://a.example:9200 , https://b.example:9200,")
    assert settings.search_urls == ("https://a.example:9200", "https://b.example:9200")
    assert Settings().search_urls == ()
