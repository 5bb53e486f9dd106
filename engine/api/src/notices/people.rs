//! A person who reads mail: what concerns them, and when they want to know.

use cloudcrew_runtime::engagement::Standing;
use jiff::civil::Time as Clock;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, ZonedDateTime};

use super::notice::Notice;

/// A person who gets mail.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Name, as roles name it.
    pub name: String,
    /// Groups of approvers that the person belongs to.
    pub groups: Vec<String>,
    /// Where the person is.
    pub zone: TimeZone,
    /// When nothing is sent; it may cross midnight.
    pub quiet: Option<Quiet>,
    /// When everything of a day is sent together.
    pub digest: Option<Daily>,
}

/// Hours without mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// Their start.
    pub from: Clock,
    /// Their end.
    pub to: Clock,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daily(pub Clock);

impl Reader {
    /// Whether a notification concerns this person: it asks one of their groups, or they have a
    /// role in the engagement.
    pub fn concerns(&self, notice: &Notice, standing: Option<&Standing>) -> bool {
        let is_asked = notice.groups.iter().any(|group| self.groups.contains(group));
        let has_role = standing.is_some_and(|standing| {
            standing.owner == self.name || standing.members.contains(&self.name)
        });
        is_asked || has_role
    }

    /// From when on a notification may be sent, milliseconds since 1970 UTC.
    pub fn from(&self, at: i64) -> i64 {
        let Ok(time) = Timestamp::from_millisecond(at) else { return at };
        let mut time = time.to_zoned_datetime(self.zone.clone());
        if let Some(Daily(clock)) = self.digest {
            time = next(&time, clock);
        }
        self.after_quiet(time)
    }

    /// When the person wants to hear of what happened at `at`, if that is not `now`. All in
    /// milliseconds since 1970 UTC.
    pub fn later(&self, at: i64, now: i64) -> Option<i64> {
        let time = Timestamp::from_millisecond(now).ok()?;
        let awake = self.after_quiet(time.to_zoned_datetime(self.zone.clone()));
        Some(self.from(at).max(awake)).filter(|later| *later > now)
    }

    /// A time, or the end of the quiet hours that it is in, milliseconds since 1970 UTC.
    fn after_quiet(&self, time: ZonedDateTime) -> i64 {
        let quiet = self.quiet.filter(|quiet| quiet.holds(time.time()));
        let time = quiet.map_or(time.clone(), |quiet| next(&time, quiet.to));
        time.timestamp().as_millisecond()
    }
}

impl Quiet {
    fn holds(&self, clock: Clock) -> bool {
        match self.from <= self.to {
            true => self.from <= clock && clock < self.to,
            false => self.from <= clock || clock < self.to,
        }
    }
}

/// The next time that a clock shows `clock`, not before `time`.
fn next(time: &ZonedDateTime, clock: Clock) -> ZonedDateTime {
    let today = time.with().time(clock).build();
    match today {
        Ok(today) if today >= *time => today,
        _ => {
            let tomorrow = time.checked_add(1.day()).and_then(|day| day.with().time(clock).build());
            tomorrow.unwrap_or_else(|_| time.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_millisecond()
    }

    #[test]
    fn nothing_is_sent_in_quiet_hours_and_a_digest_waits_for_its_hour() {
        let clock = |hour| Clock::constant(hour, 0, 0, 0);
        let mut reader = Reader {
            name: "bea".into(),
            groups: Vec::new(),
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            quiet: Some(Quiet { from: clock(20), to: clock(7) }),
            digest: None,
        };
        for (happened, sent) in [
            ("2026-11-29T10:00:00Z", "2026-11-29T10:00:00Z"),
            ("2026-11-29T18:59:00Z", "2026-11-29T18:59:00Z"),
            ("2026-11-29T19:00:00Z", "2026-11-30T06:00:00Z"),
            ("2026-11-30T02:00:00Z", "2026-11-30T06:00:00Z"),
            ("2026-11-30T06:00:00Z", "2026-11-30T06:00:00Z"),
        ] {
            assert_eq!(reader.from(at(happened)), at(sent), "{happened}");
        }
        // What happened during the day, and is sent only now, in the evening.
        let (day, evening) = (at("2026-11-29T10:00:00Z"), at("2026-11-29T20:00:00Z"));
        assert_eq!(reader.later(day, evening), Some(at("2026-11-30T06:00:00Z")));
        assert_eq!(reader.later(day, at("2026-11-29T12:00:00Z")), None);
        reader.digest = Some(Daily(clock(9)));
        assert_eq!(reader.from(at("2026-11-29T10:00:00Z")), at("2026-11-30T08:00:00Z"));
        reader.digest = Some(Daily(clock(22)));
        assert_eq!(reader.from(at("2026-11-29T10:00:00Z")), at("2026-11-30T06:00:00Z"));
    }
}
