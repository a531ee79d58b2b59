"""What must hold: a folder of TOML and SQL, read into frozen models."""

from dq.contract.models import Column, Contract, Entity
from dq.contract.reading import read_contract

__all__ = ["Column", "Contract", "Entity", "read_contract"]
