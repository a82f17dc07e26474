"""The seed's own `curl` line and Python sample, as they stand, against a server that runs (A-12)."""

import json
import shlex
import subprocess
import sys
from typing import Any

from app.demo.credentials import CLIENT, LEARNER
from tests.oauth.test_live import GIVEN, SEED
from tests.rest.clients import check_enrollment
from tests.servers import LiveServer

CURL = (
    'curl -v -X GET -H "Authorization: Bearer <access_token>" -H "Content-Type: application/json"'
    " <lms_base_url>/api/enrollment/v1/enrollment"
)
SAMPLE = """
import requests
import json

lms_base_url = ""  # e.g. http://edx.org
client_id = ""  # e.g. 123456
client_secret = ""  # e.g. 123456
username = ""  # e.g. admin
password = ""  # e.g. secret

token_endpoint = "{}/oauth2/access_token/".format(lms_base_url)
token_request_data = {'client_id': client_id,
                      'client_secret': client_secret,
                      'grant_type': 'password',
                      'username': username,
                      'password': password}

token_request = requests.post(token_endpoint, data=token_request_data)
if token_request.status_code == 200:
    token_request_response = json.loads(token_request.text)
    access_token = token_request_response['access_token']

    enrollment_endpoint = "{}/api/enrollment/v1/enrollment".format(lms_base_url)
    enrollment_request_headers = {'Authorization': "Bearer {}".format(access_token),
                                  'Content-Type': 'application/json'}
    enrollment_request = requests.get(enrollment_endpoint, headers=enrollment_request_headers)
    if enrollment_request.status_code == 200:
        courses = json.loads(enrollment_request.text)
        print json.dumps(courses, sort_keys=True, indent=4, separators=(',', ': '))
"""
PRINT = "print json.dumps(courses, sort_keys=True, indent=4, separators=(',', ': '))"


def run(*command: str, stdin: str = "") -> Any:
    """The JSON that a command prints."""
    ended = subprocess.run(command, input=stdin, capture_output=True, check=True, text=True, timeout=60)
    return json.loads(ended.stdout)


def check(rows: Any) -> None:
    """Assert that these are the learner's enrollments."""
    assert len(rows) == 3
    for row in rows:
        check_enrollment(row)
        assert (row["user"], row["is_active"]) == (LEARNER.username, True)
    assert [row["created"] for row in rows] == sorted(row["created"] for row in rows)


def test_a_12_the_curl_lines(live_server: LiveServer) -> None:
    line = SEED.replace("<lms_base_url>", live_server.url)
    given = GIVEN | {"<username>": LEARNER.username, "<password>": LEARNER.password}
    for name, value in given.items():
        line = line.replace(name, value)
    token = run(*shlex.split(line))["access_token"]
    line = CURL.replace("<lms_base_url>", live_server.url).replace("<access_token>", token)
    check(run(*shlex.split(line)))


def test_a_12_the_python_sample(live_server: LiveServer) -> None:
    values = {
        "lms_base_url": live_server.url,
        "client_id": CLIENT.client_id,
        "client_secret": CLIENT.secret,
        "username": LEARNER.username,
        "password": LEARNER.password,
    }
    sample = SAMPLE.replace(PRINT, PRINT.replace("print ", "print(") + ")")
    for name, value in values.items():
        assert f'{name} = ""' in sample
        sample = sample.replace(f'{name} = ""', f"{name} = {value!r}")
    check(run(sys.executable, "-", stdin=sample))
