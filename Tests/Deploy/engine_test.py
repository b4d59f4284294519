"""What is said where there is an engine and where there is none: nobody may take a check for passed that did not happen."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NO_ENGINE = {"docker": "exit 1", "id": "echo 1000"}
AN_ENGINE = {"docker": 'case "$*" in "version --format"*) echo 99.1 ;; "compose version --short") echo 2 ;; esac'}


class EngineTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        (self.directory / "bin").mkdir()

    def script(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def run_with(self, commands, *words, **variables):
        """The lines that it says, in an environment with these commands instead of the machine's."""
        for name, text in commands.items():
            self.script(self.directory / "bin" / name, text)
        # Those of the run that these tests are a part of are not meant here.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("UNUM_")}
        environment["PATH"] = f"{self.directory / 'bin'}:{environment['PATH']}"
        done = subprocess.run(
            words, env=environment | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode, done.stdout.strip().splitlines()

    def run_checks(self, deployment, **variables):
        """`.ci/run deploy` in a tree in which only that check is something else."""
        run = self.directory / ".ci" / "run"
        run.parent.mkdir()
        shutil.copy(ROOT / ".ci" / "run", run)
        self.script(self.directory / "Tests" / "Deploy" / "run", deployment)
        return self.run_with(NO_ENGINE, run, "deploy", **variables)

    def test_an_engine_that_runs_is_named_in_one_line(self):
        status, lines = self.run_with(AN_ENGINE, ROOT / ".ci" / "engine")
        self.assertEqual((status, len(lines)), (0, 1), lines)
        self.assertRegex(lines[0], r"^Docker 99.1 with compose 2, and swift:\S+$")

    def test_who_can_bring_no_engine_is_told_why_in_one_line(self):
        status, lines = self.run_with(NO_ENGINE, ROOT / ".ci" / "engine")
        self.assertEqual((status, len(lines)), (1, 1), lines)
        self.assertIn("only root", lines[0])

    def test_an_image_that_no_registry_has_is_not_made_of_another_swift(self):
        no_image = {"docker": '[ "$1" != image ] && [ "$1" != pull ]', "swiftc": "echo Swift version 5.10"}
        status, lines = self.run_with(no_image, ROOT / ".ci" / "engine")
        self.assertEqual((status, len(lines)), (1, 2), lines)
        self.assertRegex(lines[-1], r"^swift:\S+ cannot be had: ")

    def test_without_an_engine_the_deployment_says_loudly_what_it_left_out_and_why(self):
        status, lines = self.run_with(NO_ENGINE, ROOT / "Tests" / "Deploy" / "run", "image", "compose")
        said = "\n".join(lines)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, "CONTAINERS WERE NOT CHECKED: .*only root")
        self.assertIn("Left out: image compose.", said)
        self.assertNotIn("passed:", said)

    def test_the_last_line_of_all_checks_is_that_containers_were_not_checked(self):
        deployment = f"exec {ROOT}/Tests/Deploy/run image"
        for variables, why in (({}, "only root"), ({"UNUM_WITHOUT_CONTAINERS": "1"}, "UNUM_WITHOUT_CONTAINERS is set")):
            shutil.rmtree(self.directory / ".ci", ignore_errors=True)
            status, lines = self.run_checks(deployment, **variables)
            self.assertEqual(status, 0, lines)
            self.assertRegex(lines[-1], f"^Passed, but containers were NOT checked: .*{why}.* s\\)$")
            self.assertNotIn("All passed", "\n".join(lines))

    def test_the_last_line_is_that_all_passed_when_nothing_was_left_out(self):
        status, lines = self.run_checks("true")
        self.assertEqual(status, 0, lines)
        self.assertRegex(lines[-1], "^All passed: deploy ")


if __name__ == "__main__":
    unittest.main()
