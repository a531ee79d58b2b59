"""The one place that executes notebooks: one after another in one kernel, each in an empty namespace, with parameters put in as papermill does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, v4
from papermill.parameterize import parameterize_notebook

_SECONDS: Final = 600  # a cell may take
_QUIET: Final = ["--HistoryManager.enabled=False"]  # what is asked of a run leaves no trace in a history


class Kernel:
    """A kernel in which notebooks are executed, in a folder of its own that goes away."""

    def __init__(self, manager: AsyncKernelManager, client: AsyncKernelClient, folder: str) -> None:
        self._manager, self._client, self._folder = manager, client, folder

    def execute(self, notebook: NotebookNode, *, parameters: Mapping[str, Any]) -> str | None:
        """Execute a notebook in place, from top to bottom; return None, or in one line what stopped it.

        Args:
            notebook: one with a cell tagged `parameters`; it gets its outputs.
            parameters: name to value, put in after that cell.
        """
        notebook.metadata.setdefault("papermill", {})
        for cell in notebook.cells:  # papermill asks each for its tags
            cell.metadata.setdefault("tags", [])
        put_in = parameterize_notebook(notebook, dict(parameters))
        notebook.cells, notebook.metadata = put_in.cells, put_in.metadata
        try:
            self._run(v4.new_notebook(cells=[v4.new_code_cell("%reset -f")]))
            self._run(notebook)
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}".partition("\n")[0]
        except (CellTimeoutError, DeadKernelError) as error:
            return f"{type(error).__name__}: {error}".partition("\n")[0]
        return None

    def _run(self, notebook: NotebookNode) -> None:
        resources = {"metadata": {"path": self._folder}}
        called = NotebookClient(notebook, km=self._manager, timeout=_SECONDS, resources=resources, store_widget_state=False, record_timing=False)
        called.kc = self._client
        called.execute()


@contextmanager
def kernel() -> Iterator[Kernel]:
    """Yield a running kernel of this Python; it and its folder go away."""
    with tempfile.TemporaryDirectory(prefix="dq-notebooks-") as folder:
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")  # files of ours, no ports
        run_sync(manager.start_kernel)(extra_arguments=_QUIET, cwd=folder)
        client = manager.client()
        try:
            client.start_channels()
            run_sync(client.wait_for_ready)(timeout=_SECONDS)
            yield Kernel(manager, client, folder)
        finally:
            client.stop_channels()
            run_sync(manager.shutdown_kernel)(now=True)
