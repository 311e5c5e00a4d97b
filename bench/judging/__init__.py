"""Backgrounds, injections, rivals and measures for `bench.verdict`; no rate model of the policy."""
