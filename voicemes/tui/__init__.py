"""The screens: operator, supervisor, integrator. They show events and send inputs; they decide nothing."""
