"""The shipped contract, POCO to Mi; a package only so that it is installed with dq."""
