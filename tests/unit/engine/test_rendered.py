"""What is kept of an attempt's parameters: no secret, and not too much."""

import json
import time

import pytest

from dogansystem.engine import rendered
from dogansystem.engine.rendered import HIDDEN, MAX_EARLIER, MAX_KEPT


def kept(params, hidden=()):
	return json.loads(rendered.kept(params, hidden))


@pytest.mark.parametrize(
	"name",
	(
		*(
			"password",
			"new_password",
			"Passwort",
			"pwd",
			"client_secret",
			"token",
			"access_token",
			"accessToken",
		),
		*("api_key", "X-Api-Key", "apikey", "Authorization", "private_key", "Set-Cookie", "passphrase"),
	),
)
def test_a_value_under_a_secret_s_name_is_cut_out(name):
	assert kept({"headers": [{name: "abc"}]}) == {"headers": [{name: HIDDEN}]}
	assert kept({name: {"inner": ["abc", 5]}}) == {name: {"inner": [HIDDEN, HIDDEN]}}


@pytest.mark.parametrize(
	"name",
	("credential", "max_tokens", "secretary", "subject", "authorization_date", "key", "keywords", "compass"),
)
def test_a_name_that_only_sounds_like_one_is_kept(name):
	assert kept({name: "abc"}) == {name: "abc"}


def test_whether_there_is_a_secret_may_be_seen():
	assert kept({"password": "", "token": None, "secret": False}) == {
		"password": "",
		"token": None,
		"secret": False,
	}


@pytest.mark.parametrize(
	("text", "shown"),
	(
		("https://amy:s3cret@host/x?a=1", f"https://{HIDDEN}@host/x?a=1"),
		("https://host/x?a=1&api_key=abc&b=2#c", f"https://host/x?a=1&api_key={HIDDEN}&b=2#c"),
		("https://host/?sig=abc", f"https://host/?sig={HIDDEN}"),
		("Authorization: Bearer abcdef0123456789", f"Authorization: Bearer {HIDDEN}"),
		('{"user": "amy", "password": "abc"}', f'{{"user": "amy", "password": "{HIDDEN}"}}'),
		("Basic salary and Bearer bonds", "Basic salary and Bearer bonds"),
		("Is this the key? Yes: see https://host/a/b", "Is this the key? Yes: see https://host/a/b"),
		("Dear Amy,\nyour order is ready", "Dear Amy,\nyour order is ready"),
	),
)
def test_a_secret_within_a_text_is_cut_out(text, shown):
	assert kept({"message": [text]}) == {"message": [shown]}


def test_fields_that_hold_passwords_are_cut_out_whatever_their_name():
	assert kept({"values": {"pin": "1234", "name": "amy"}}, {"pin"}) == {
		"values": {"pin": HIDDEN, "name": "amy"}
	}


@pytest.mark.parametrize(
	"large",
	(
		{"rows": [{"name": f"Q-{number}", "text": "x" * 300} for number in range(2000)], "doctype": "ToDo"},
		{"message": "x" * 3_000_000, "doctype": "ToDo"},
		{"deep": [[[[["x" * 400] * 30] * 30] * 30] * 3] * 3, "doctype": "ToDo"},
	),
)
def test_what_is_too_large_is_cut_and_says_so(large):
	text = rendered.kept(large)
	assert len(text) <= MAX_KEPT
	assert "…" in text
	assert json.dumps(rendered.earlier(text)).encode().decode("unicode_escape").count("x") <= MAX_EARLIER


def test_a_large_text_leaves_the_small_values_beside_it_as_they_are():
	assert kept({"message": "x" * 3_000_000, "to": "amy@example.com"})["to"] == "amy@example.com"


def test_a_text_of_a_megabyte_is_searched_at_once():
	began = time.monotonic()
	rendered.kept({"a": "https://" + "x" * 500_000, "b": "'" * 200_000, "c": "?" * 200_000 + "key="})
	assert time.monotonic() - began < 2.0
