"""Run the notebooks and keep what they print (run by ``make notebooks``)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent / "notebooks"
SECONDS = 120  # that a cell may take


def main() -> None:
    """Run each notebook in an empty folder, and write it back with its outputs and nothing of the machine."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": folder}}).execute()
        for cell in notebook.cells:
            cell.metadata.clear()
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if not is_of_this_machine(output)]
            for output in cell.get("outputs", ()):
                output.pop("execution_count", None) if output.output_type != "execute_result" else None
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, path)


def is_of_this_machine(output: nbformat.NotebookNode) -> bool:
    """Tell whether an output is a line for the one who runs it, or the frame of a page that is gone."""
    return output.get("name") == "stderr" or "IFrame" in output.get("data", {}).get("text/plain", "")


if __name__ == "__main__":
    main()
