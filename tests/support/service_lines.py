"""Lines of services as those of the logs with injected defects, by a clock eight hours ahead."""

from __future__ import annotations


def line(second: float, statement: str, trace: str = "ff", said: str = "[x]") -> tuple[str, str]:
    """(service, message) of second 0 to 3600; `statement` is a service and a name, by a blank."""
    service, _, name = statement.partition(" ")
    clock = f"08:{int(second // 60):02}:{second % 60:06.3f}"
    return service, f"{clock} INFO  {name}#1 TraceID: {trace} SpanID: 1 {said}"
