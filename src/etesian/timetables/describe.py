"""A schedule in words."""

from __future__ import annotations

from datetime import timedelta

from etesian.spec.schedule import (
    AssetOrTimeSchedule,
    AssetSchedule,
    ContinuousSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    CustomSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    EventsSchedule,
    NoSchedule,
    OnceSchedule,
    Schedule,
)
from etesian.timetables.cron import PRESETS, CronExpression, parse_cron

RhythmSchedule = CronTriggerSchedule | CronIntervalSchedule | DeltaTriggerSchedule | DeltaIntervalSchedule

_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def describe(schedule: Schedule) -> str:
    """Return one sentence for people, such as ``At 09:30, Monday to Friday (Europe/Berlin)``."""
    match schedule:
        case NoSchedule():
            return "Only when triggered"
        case OnceSchedule():
            return "Once, as soon as possible"
        case ContinuousSchedule():
            return "Again as soon as the run before has ended"
        case AssetSchedule():
            return "When its assets are updated"
        case AssetOrTimeSchedule():
            return f"When its assets are updated, and: {describe(schedule.timetable)}"
        case EventsSchedule():
            return schedule.description or _count(len(set(schedule.dates)), "fixed moment")
        case CustomSchedule():
            return schedule.description or schedule.class_path.rpartition(".")[2]
        case _:
            return _describe_rhythm(schedule)


def _describe_rhythm(schedule: RhythmSchedule) -> str:
    match schedule:
        case CronTriggerSchedule():
            return _in_zone("; ".join(_cron(text) for text in schedule.expressions), schedule.timezone)
        case CronIntervalSchedule():
            return _in_zone(f"{_cron(schedule.expression)}, for the period before", schedule.timezone)
        case DeltaTriggerSchedule():
            return f"Every {_length(schedule.seconds, schedule.months)}"
        case DeltaIntervalSchedule():
            return f"Every {_length(schedule.seconds, schedule.months)}, for the period before"


def _in_zone(text: str, timezone: str) -> str:
    return text if timezone == "UTC" else f"{text} ({timezone})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _length(seconds: float, months: int) -> str:
    years, months = divmod(months, 12)
    parts = [_count(years, "year")] if years else []
    if months:
        parts.append(_count(months, "month"))
    rest = timedelta(seconds=seconds)
    units = (("day", rest.days), ("hour", rest.seconds // 3600), ("minute", rest.seconds // 60 % 60))
    parts += [_count(number, unit) for unit, number in units if number]
    below_minute = rest.seconds % 60 + rest.microseconds / 1_000_000
    if below_minute:
        parts.append(f"{below_minute:g} {'second' if below_minute == 1 else 'seconds'}")
    return " ".join(parts)


def _cron(text: str) -> str:
    """Return a cron expression in words where words are clearer, else the expression."""
    expression = parse_cron(text)
    time, days = _times(expression), _days(expression)
    if time is None or days is None:
        return f"Cron {PRESETS.get(text, text)}"
    return ", ".join(part for part in (time, days) if part)


def _times(expression: CronExpression) -> str | None:
    hours, minutes = expression.hours, expression.minutes
    if expression.seconds != (0,):
        return None
    if len(hours) == 24 and len(minutes) == 60:
        return "Every minute"
    step = _step(minutes, 60)
    if len(hours) == 24 and step:
        return f"Every {step} minutes"
    if len(hours) == 24 and len(minutes) == 1:
        return f"Every hour at minute {minutes[0]}" if minutes[0] else "Every hour"
    if len(hours) * len(minutes) <= 4:
        return "At " + _join([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes])
    return None


def _step(values: tuple[int, ...], size: int) -> int | None:
    """Return the step of values that divide the field evenly from zero."""
    if len(values) < 2 or size % len(values):
        return None
    step = size // len(values)
    return step if values == tuple(range(0, size, step)) else None


def _days(expression: CronExpression) -> str | None:
    rule = expression.day_rule
    if expression.years is not None or rule.nearest or rule.nth_weekdays or rule.last_weekdays:
        return None
    parts = []
    if not rule.any_day:
        days = [str(day) for day in sorted(rule.days)] + (["the last"] if rule.last_day else [])
        if len(days) > 4:
            return None
        parts.append(f"on day {_join(days)} of the month")
    if not rule.any_weekday:
        parts.append(_weekdays(sorted(rule.weekdays)))
    text = " or ".join(parts)
    if len(expression.months) == 12:
        return text
    months = _join([_MONTHS[month - 1] for month in sorted(expression.months)])
    return f"{text}, in {months}" if text else f"in {months}"


def _weekdays(days: list[int]) -> str:
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{_WEEKDAYS[days[0]]} to {_WEEKDAYS[days[-1]]}"
    return f"on {_join([_WEEKDAYS[day] for day in days])}"


def _join(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
