//! Functions of `datetime` and `timespan`.

mod bin;
mod calendar;
mod format;
mod make;
mod parts;
mod period;
mod shift;
mod zones;

use phalanx_signal::ColumnType::{self, DateTime, Dynamic, Int, Long, Real, String, TimeSpan};

use super::{
    Accepts::{Any, Number, Only, Ordinal},
    Body, Family, Function, Parameter, Returns,
    define::{Kernel, once, optional},
};

const DATE: &[Parameter] = &[once("date", Only(DateTime))];
const DATE_AND_OFFSET: &[Parameter] = &[once("date", Only(DateTime)), optional("offset", Only(Long))];
const NUMBER: &[Parameter] = &[once("number", Number)];
const BIN: &[Parameter] = &[once("value", Ordinal), once("round_to", Ordinal)];

const fn time(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: ColumnType,
    about: &'static str,
    kernel: Kernel,
) -> Function {
    Function::kernel(name, Family::DateTime, parameters, Returns::Only(returns), about, kernel)
}

const fn bound(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: Returns,
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Function {
    Function {
        name,
        aliases: &[],
        family: Family::DateTime,
        parameters,
        returns,
        about,
        examples,
        body: Body::Bound,
    }
}

pub(super) static FUNCTIONS: &[Function] = &[
    bound(
        "now",
        &[optional("offset", Only(TimeSpan))],
        Returns::Only(DateTime),
        "The time of the query, the same wherever it is asked for; an offset is added.",
        &[("print now(1h) - now()", "01:00:00")],
    ),
    bound("ago", &[once("timespan", Only(TimeSpan))], Returns::Only(DateTime), "The time of the query less a timespan.", &[("print now() - ago(7d)", "7.00:00:00")]),
    Function::kernel(
        "bin",
        Family::DateTime,
        BIN,
        Returns::Computed(bin::returns),
        "The value rounded down to a multiple of another; null unless that is above zero.",
        bin::bin,
    )
    .examples(&[
        ("print bin(4.5, 1)", "4"),
        ("print bin(-5, 2)", "-6"),
        ("print bin(time(16d), 7d)", "14.00:00:00"),
        ("print bin(datetime(1970-05-11 13:45:07), 1d)", "1970-05-11T00:00:00.0000000Z"),
    ]),
    Function::kernel(
        "floor",
        Family::DateTime,
        &[once("value", Ordinal), optional("round_to", Ordinal)],
        Returns::Computed(bin::returns),
        "As `bin`.",
        bin::bin,
    )
    .examples(&[("print floor(5.7, 1)", "5")]),
    Function::kernel(
        "bin_at",
        Family::DateTime,
        &[once("value", Ordinal), once("bin_size", Ordinal), once("fixed_point", Ordinal)],
        Returns::Computed(bin::returns),
        "The value rounded down to a multiple of another, counted from a fixed point.",
        bin::bin_at,
    )
    .examples(&[
        ("print bin_at(6.5, 2.5, 7)", "4.5"),
        ("print bin_at(time(1h), 1d, 12h)", "-12:00:00"),
    ]),
    bound(
        "bin_auto",
        &[once("value", Ordinal)],
        Returns::Argument(0),
        "As `bin_at`, with the query's options `query_bin_auto_size` and `query_bin_auto_at`.",
        &[("set query_bin_auto_size = 10; print bin_auto(17)", "10")],
    ),
    time("startofday", DATE_AND_OFFSET, DateTime, "The start of the day, so many days later.", |call| {
        period::start(call, period::day)
    })
    .examples(&[("print startofday(datetime(2017-01-01 10:10:17), -1)", "2016-12-31T00:00:00.0000000Z")]),
    time("startofweek", DATE_AND_OFFSET, DateTime, "The start of the week, a Sunday, so many weeks later.", |call| {
        period::start(call, period::week)
    })
    .examples(&[("print startofweek(datetime(2017-01-04 10:10:17))", "2017-01-01T00:00:00.0000000Z")]),
    time("startofmonth", DATE_AND_OFFSET, DateTime, "The start of the month, so many months later.", |call| {
        period::start(call, period::month)
    })
    .examples(&[("print startofmonth(datetime(2017-01-01 10:10:17), 1)", "2017-02-01T00:00:00.0000000Z")]),
    time("startofyear", DATE_AND_OFFSET, DateTime, "The start of the year, so many years later.", |call| {
        period::start(call, period::year)
    })
    .examples(&[("print startofyear(datetime(2017-01-01 10:10:17), -1)", "2016-01-01T00:00:00.0000000Z")]),
    time("endofday", DATE_AND_OFFSET, DateTime, "The last moment of the day, so many days later.", |call| {
        period::end(call, period::day)
    }).examples(&[("print endofday(datetime(2017-01-01 10:10:17))", "2017-01-01T23:59:59.9999990Z")]),
    time("endofweek", DATE_AND_OFFSET, DateTime, "The last moment of the week's Saturday, so many weeks later.", |call| {
        period::end(call, period::week)
    }).examples(&[("print endofweek(datetime(2017-01-04), 1)", "2017-01-14T23:59:59.9999990Z")]),
    time("endofmonth", DATE_AND_OFFSET, DateTime, "The last moment of the month, so many months later.", |call| {
        period::end(call, period::month)
    }).examples(&[("print endofmonth(datetime(2017-02-03))", "2017-02-28T23:59:59.9999990Z")]),
    time("endofyear", DATE_AND_OFFSET, DateTime, "The last moment of the year, so many years later.", |call| {
        period::end(call, period::year)
    }).examples(&[("print endofyear(datetime(2017-02-03))", "2017-12-31T23:59:59.9999990Z")]),
    time("dayofweek", DATE, TimeSpan, "The days since Sunday, as a timespan.", parts::dayofweek)
        .examples(&[("print dayofweek(datetime(1970-05-11))", "1.00:00:00")]),
    time("dayofmonth", DATE, Int, "The day of the month.", |call| parts::part(call, "day"))
        .examples(&[("print dayofmonth(datetime(2015-12-14))", "14")]),
    time("dayofyear", DATE, Int, "The day of the year, from 1 on.", |call| parts::part(call, "dayofyear"))
        .examples(&[("print dayofyear(datetime(2015-12-14))", "348")]),
    time("hourofday", DATE, Int, "The hour.", |call| parts::part(call, "hour"))
        .examples(&[("print hourofday(datetime(2015-12-14 18:54))", "18")]),
    time("week_of_year", DATE, Int, "The week's number by ISO 8601.", |call| parts::part(call, "week_of_year"))
        .examples(&[("print week_of_year(datetime(2000-01-01))", "52")]),
    time("weekofyear", DATE, Int, "The week's number, where weeks start on Sunday and the first has a Wednesday.", |call| {
        parts::part(call, "weekofyear")
    }).examples(&[("print weekofyear(datetime(2020-12-31))", "53")]),
    time("getmonth", DATE, Int, "The month.", |call| parts::part(call, "month"))
        .alias(&["monthofyear"])
        .examples(&[("print monthofyear(datetime(2015-12-14))", "12")]),
    time("getyear", DATE, Int, "The year.", |call| parts::part(call, "year"))
        .examples(&[("print getyear(datetime(2015-10-12))", "2015")]),
    time(
        "datetime_part",
        &[once("part", Only(String)), once("date", Only(DateTime))],
        Int,
        "A part of a datetime: year, quarter, month, week_of_year, day, dayOfYear, hour, minute, second, millisecond, microsecond or nanosecond.",
        parts::datetime_part,
    )
    .alias(&["datepart"])
    .examples(&[("print datetime_part(\"quarter\", datetime(2017-10-30))", "4")]),
    time(
        "datetime_add",
        &[once("period", Only(String)), once("amount", Only(Long)), once("datetime", Only(DateTime))],
        DateTime,
        "A datetime so many periods later. The last day of a month stays in its month.",
        shift::datetime_add,
    )
    .examples(&[("print datetime_add(\"month\", 1, datetime(2017-01-31))", "2017-02-28T00:00:00.0000000Z")]),
    time(
        "datetime_diff",
        &[once("period", Only(String)), once("datetime1", Only(DateTime)), once("datetime2", Only(DateTime))],
        Long,
        "How many starts of a period lie between two datetimes; above zero if the first is later.",
        shift::datetime_diff,
    )
    .examples(&[
        ("print datetime_diff(\"year\", datetime(2017-01-01), datetime(2000-12-31))", "17"),
        ("print datetime_diff(\"hour\", datetime(2017-10-31 01:00), datetime(2017-10-30 23:59))", "2"),
    ]),
    time(
        "make_datetime",
        &[
            once("year", Any),
            optional("month", Only(Long)),
            optional("day", Only(Long)),
            optional("hour", Only(Long)),
            optional("minute", Only(Long)),
            optional("second", Only(Real)),
        ],
        DateTime,
        "The datetime of its parts, or of a text; null if there is no such time.",
        make::make_datetime,
    )
    .examples(&[("print make_datetime(2017, 10, 1, 12, 11, 0.5)", "2017-10-01T12:11:00.5000000Z")]),
    time(
        "make_timespan",
        &[once("first", Any), optional("second", Only(Real)), optional("third", Only(Real)), optional("fourth", Only(Real))],
        TimeSpan,
        "The timespan of its parts: hours and minutes, with seconds behind, or with days before and seconds behind.",
        make::make_timespan,
    )
    .examples(&[("print make_timespan(1, 12, 30, 55.123)", "1.12:30:55.1230000")]),
    time(
        "format_datetime",
        &[once("date", Only(DateTime)), once("format", Only(String))],
        String,
        "The datetime as the format says: y, M, d, H (24 hours), h (12 hours), m, s, f (fraction), F (without zeros), tt.",
        format::format_datetime,
    )
    .examples(&[("print format_datetime(datetime(2017-01-29 09:00:05), \"yy-MM-dd [HH:mm:ss]\")", "17-01-29 [09:00:05]")]),
    time(
        "format_timespan",
        &[once("timespan", Only(TimeSpan)), once("format", Only(String))],
        String,
        "The timespan as the format says: d, H or h, m, s, f (fraction), F (without zeros).",
        format::format_timespan,
    )
    .examples(&[("print format_timespan(time(29.09:00:05.12345), \"dd.hh:mm:ss:FF\")", "29.09:00:05:12")]),
    time("unixtime_seconds_todatetime", NUMBER, DateTime, "The datetime so many seconds after 1970.", |call| {
        make::unixtime(call, 1_000_000.0)
    })
    .examples(&[("print unixtime_seconds_todatetime(1546300800)", "2019-01-01T00:00:00.0000000Z")]),
    time("unixtime_milliseconds_todatetime", NUMBER, DateTime, "The datetime so many milliseconds after 1970.", |call| {
        make::unixtime(call, 1_000.0)
    }).examples(&[("print unixtime_milliseconds_todatetime(1546300800500)", "2019-01-01T00:00:00.5000000Z")]),
    time("unixtime_microseconds_todatetime", NUMBER, DateTime, "The datetime so many microseconds after 1970.", |call| {
        make::unixtime(call, 1.0)
    }).examples(&[("print unixtime_microseconds_todatetime(1546300800000005)", "2019-01-01T00:00:00.0000050Z")]),
    time("unixtime_nanoseconds_todatetime", NUMBER, DateTime, "The datetime so many nanoseconds after 1970.", |call| {
        make::unixtime(call, 0.001)
    }).examples(&[("print unixtime_nanoseconds_todatetime(1546300800000000000)", "2019-01-01T00:00:00.0000000Z")]),
    time(
        "datetime_utc_to_local",
        &[once("from", Only(DateTime)), once("timezone", Only(String))],
        DateTime,
        "The local time of a time zone at a time of UTC.",
        zones::utc_to_local,
    )
    .examples(&[("print datetime_utc_to_local(datetime(2022-07-11 22:18), \"US/Pacific\")", "2022-07-11T15:18:00.0000000Z")]),
    time(
        "datetime_local_to_utc",
        &[once("from", Only(DateTime)), once("timezone", Only(String))],
        DateTime,
        "The time of UTC at a local time of a time zone.",
        zones::local_to_utc,
    )
    .examples(&[("print datetime_local_to_utc(datetime(2022-03-27 01:00), \"Europe/Brussels\")", "2022-03-27T00:00:00.0000000Z")]),
    time("datetime_list_timezones", &[], Dynamic, "The names of all time zones.", zones::list)
        .examples(&[("print array_length(datetime_list_timezones()) > 100", "true")]),
];

#[cfg(test)]
mod tests;
