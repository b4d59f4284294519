"""Tests what deploy/chaos relies on: the plan of a seed, and the account of what nodes owe."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "deploy", "chaos.d"))

import plan
from truth import APART, CHANGING, DOWN, PAUSED, UP, Truth
from watch import Streak

BOUND = 5.0


class PlanTest(unittest.TestCase):
    def test_a_seed_is_the_same_plan_every_time(self):
        make = lambda seed: plan.make(random.Random(seed), 5, 60)
        self.assertEqual(make("1"), make("1"))
        self.assertNotEqual(make("1"), make("2"))

    def test_every_fault_ends_within_the_run_and_one_node_is_always_sound(self):
        for seed in range(200):
            nodes, seconds, faulty = 2 + seed % 7, 60, set()
            for step in plan.make(random.Random(seed), nodes, seconds):
                self.assertLessEqual(step.time, seconds)
                if step.action in ("kill", "stop", "pause", "disconnect", "shape"):
                    self.assertNotIn(step.node, faulty)
                    faulty.add(step.node)
                elif step.action != "restart":
                    self.assertIn(step.node, faulty)
                    faulty.remove(step.node)
                # Steps at the same time may come in either order.
                self.assertLessEqual(len(faulty), nodes - 1)
            self.assertEqual(faulty, set())

    def test_faults_come_from_the_beginning_to_the_end(self):
        for seed in range(50):
            times = [step.time for step in plan.make(random.Random(seed), 5, 60)]
            self.assertGreaterEqual(len(times), 15)
            self.assertGreaterEqual(min(map(len, ([t for t in times if t < 30], [t for t in times if t > 30]))), 4)

    def test_all_kinds_of_faults_come(self):
        actions = {step.action for seed in range(20) for step in plan.make(random.Random(seed), 5, 60)}
        self.assertEqual(actions, {
            "kill", "start", "stop", "restart", "pause", "resume", "disconnect", "connect", "replace", "shape",
            "clear"})


class TruthTest(unittest.TestCase):
    def setUp(self):
        self.truth = Truth(3, BOUND)
        for node in range(3):
            self.truth.change(node, UP, 0.0, new_life=True)

    def epoch(self, node):
        return self.truth.view()[node][2]

    def acknowledge(self, node, stamp, now):
        self.truth.acknowledge(node, self.epoch(node), stamp, now)

    def test_who_acknowledged_owes_at_once_and_others_after_the_bound(self):
        self.acknowledge(0, (1, 7), 10.0)
        self.assertEqual(self.truth.owed(0, 10.0), (1, 7))
        self.assertIsNone(self.truth.owed(1, 10.0 + BOUND - 0.1))
        self.assertEqual(self.truth.owed(1, 10.0 + BOUND), (1, 7))

    def test_a_killed_node_takes_along_what_it_had_no_time_to_pass_on(self):
        self.acknowledge(0, (1, 7), 10.0)
        self.truth.change(0, CHANGING, 11.0)
        self.truth.ended(0)
        self.truth.change(0, DOWN, 11.1)
        self.assertIsNone(self.truth.floor(30.0))

    def test_what_had_the_time_to_spread_outlives_who_acknowledged_it(self):
        self.acknowledge(0, (1, 7), 10.0)
        self.truth.change(0, CHANGING, 10.0 + BOUND)
        self.truth.ended(0)
        self.truth.change(0, DOWN, 10.1 + BOUND)
        self.assertEqual(self.truth.floor(30.0), (1, 7))

    def test_a_node_apart_owes_alone(self):
        self.truth.change(0, APART, 8.0)
        self.acknowledge(0, (1, 7), 10.0)
        self.assertEqual(self.truth.owed(0, 30.0), (1, 7))
        self.assertIsNone(self.truth.owed(1, 30.0))
        self.truth.change(0, UP, 31.0)
        self.assertEqual(self.truth.owed(1, 31.0 + BOUND), (1, 7))

    def test_time_counts_from_when_both_were_there(self):
        self.truth.change(1, PAUSED, 9.0)
        self.acknowledge(0, (1, 7), 10.0)
        self.truth.change(1, UP, 20.0)
        self.assertIsNone(self.truth.owed(1, 20.0 + BOUND - 0.1))
        self.assertEqual(self.truth.owed(1, 20.0 + BOUND), (1, 7))

    def test_what_was_seen_is_owed_and_never_less(self):
        self.truth.saw(2, self.epoch(2), (5, 1), 10.0)
        self.truth.saw(2, self.epoch(2), (4, 9), 11.0)
        self.assertEqual(self.truth.owed(2, 11.0), (5, 1))

    def test_an_answer_of_an_earlier_state_counts_for_no_later_one(self):
        before = self.epoch(0)
        self.truth.change(0, UP, 10.0, new_life=True)
        self.truth.acknowledge(0, before, (1, 7), 11.0)
        self.assertIsNone(self.truth.owed(0, 11.0))
        self.assertEqual(self.truth.acknowledged, [(1, 7)])


class StreakTest(unittest.TestCase):
    def test_only_what_is_wrong_without_a_pause_adds_up(self):
        streak = Streak()
        self.assertEqual(streak.look("a", 0.0, False, 3.0), (3.0, False))
        self.assertEqual(streak.look("a", 0.0, True, 4.0), (0.0, True))
        self.assertEqual(streak.look("a", 0.0, False, 5.0), (0.0, False))
        self.assertEqual(streak.look("a", 0.0, False, 9.0), (4.0, False))
        self.assertEqual(streak.look("b", 9.5, False, 10.0), (0.5, False))


if __name__ == "__main__":
    unittest.main()
