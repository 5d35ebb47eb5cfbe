"""Dashboards as a TypeScript file that assigns each of their parts to the type that Grafana publishes for it.

The compiler refuses a literal with a property that the type does not have, at any depth. An enum of the types takes
no plain text, although JSON has nothing else: `Plain` turns each into the texts of its members.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.grafana_schema import Types

# Panel type → the folder of its types, and whether its fields have settings of their own (`custom`).
PANELS = {
    "bargauge": ("bargauge", False),
    "heatmap": ("heatmap", True),
    "logs": ("logs", False),
    "stat": ("stat", False),
    "state-timeline": ("statetimeline", True),
    "table": ("table", True),
    "text": ("text", False),
    "timeseries": ("timeseries", True),
}
_PRELUDE = """type Plain<T> = T extends string ? `${T}` : T extends number ? T
  : T extends (infer Item)[] ? Plain<Item>[] : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;
"""
_CONFIG = {
    "compilerOptions": {
        "lib": ["es2022", "dom"],
        "module": "esnext",
        "moduleResolution": "bundler",
        "noEmit": True,
        "paths": {"types/*": ["./node_modules/@grafana/schema/dist/types/raw/*.d.ts"]},  # no package exports them
        "skipLibCheck": True,
        "strict": True,
        "target": "es2022",
        "types": [],
    },
    "files": ["dashboards.ts"],
}


def source(boards: dict[str, dict[str, Any]]) -> str:
    """The file that assigns dashboards, by name, to their types."""
    return "\n".join([_PRELUDE, *_imports(), *(line for item in boards.items() for line in _board(*item))]) + "\n"


def _imports() -> Iterator[str]:
    yield 'import type { Dashboard } from "types/dashboard/x/types.gen";'
    for folder, _ in PANELS.values():
        yield f'import type * as {folder} from "types/composable/{folder}/panelcfg/x/types.gen";'


def _board(name: str, board: dict[str, Any]) -> Iterator[str]:
    yield f"// {name}"
    yield _assigned("Dashboard", board)
    for panel in board["panels"]:
        if panel["type"] == "row":
            continue  # wholly described by `Dashboard`
        folder, has_fields = PANELS[panel["type"]]
        yield _assigned(f"{folder}.Options", panel["options"])
        custom = panel["fieldConfig"]["defaults"].get("custom", {})
        yield _assigned(f"{folder}.FieldConfig", custom) if has_fields else _assigned("Record<string, never>", custom)


def _assigned(kind: str, value: Any) -> str:
    return f"(({{}}) as unknown as (value: Plain<{kind}>) => void)({json.dumps(value)});"


def judge(types: Types, boards: dict[str, dict[str, Any]], scratch: Path) -> str:
    """Compile. Returns what the compiler said; nothing if all is well."""
    (scratch / "dashboards.ts").write_text(source(boards), encoding="utf-8")
    (scratch / "tsconfig.json").write_text(json.dumps(_CONFIG), encoding="utf-8")
    (scratch / "node_modules").symlink_to(types.modules)
    command = [str(types.node), str(types.compiler), "--project", "tsconfig.json", "--pretty", "false"]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr if done.returncode or done.stdout else ""
