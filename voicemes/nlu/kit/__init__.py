"""What an integrator needs to add an intent: proof, coverage, samples, a skeleton and a schema."""
