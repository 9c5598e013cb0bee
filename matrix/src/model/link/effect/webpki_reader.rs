//! How webpki reads a certificate. Paths are of rustls-webpki 0.103.16's `src/`.

use shakedown::connection::Role;
use shakedown::iana::AlertDescription as A;

use super::Found;
use super::cursor::Cursor;
use super::der::certificate;

type Read<T> = Result<T, Wrong>;

/// Its errors, as rustls has them (webpki/mod.rs, `pki_error`).
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    Encoding,
    Expired,
    NotYetValid,
    Purpose,
    Issuer,
    Other(&'static str),
}

/// What it says of a changed certificate of a chain: the end entity's, or its issuer's.
pub(super) fn verdict(sender: Role, issuer: bool, bytes: &[u8]) -> Found {
    let (native, alert) = match read(sender, issuer, bytes) {
        // Whatever else is changed, it is not what was signed.
        Ok(()) => ("BadSignature".to_owned(), A::decrypt_error),
        Err(Wrong::Encoding) => ("BadEncoding".to_owned(), A::bad_certificate),
        Err(Wrong::Expired) => ("Expired".to_owned(), A::certificate_expired),
        Err(Wrong::NotYetValid) => ("NotValidYet".to_owned(), A::certificate_expired),
        Err(Wrong::Purpose) => ("InvalidPurpose".to_owned(), A::unsupported_certificate),
        Err(Wrong::Issuer) => ("UnknownIssuer".to_owned(), A::unknown_ca),
        Err(Wrong::Other(what)) => (format!("Other({what})"), A::certificate_unknown),
    };
    Found::of(&format!("InvalidCertificate({native})"), alert)
}

/// cert.rs, `Cert::from_input`; then verify_cert.rs, `build_chain_inner`.
fn read(sender: Role, issuer: bool, bytes: &[u8]) -> Read<()> {
    let fields = Fields::of(bytes)?;
    let genuine = certificate(sender, issuer, 71);
    let Ok(own) = Fields::of(&genuine.0) else {
        return Err(Wrong::Encoding);
    };
    if issuer && fields.subject != own.subject {
        return Err(Wrong::Issuer);
    }
    validity(fields.validity)?;
    constraints(fields.constraints, issuer)?;
    purposes(fields.purposes, sender)?;
    if fields.issuer != own.issuer {
        return Err(Wrong::Issuer);
    }
    Ok(())
}

struct Fields<'a> {
    issuer: &'a [u8],
    validity: &'a [u8],
    subject: &'a [u8],
    constraints: Option<&'a [u8]>,
    purposes: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8]) -> Read<Self> {
        let mut whole = Cursor::new(bytes);
        let mut outer = Cursor::new(tagged(&mut whole, 0x30)?);
        let mut body = Cursor::new(tagged(&mut outer, 0x30)?);
        let algorithm = tagged(&mut outer, 0x30)?;
        // der.rs, `bit_string_with_no_unused_bits`.
        if tagged(&mut outer, 3)?.first() != Some(&0) {
            return Err(Wrong::Encoding);
        }
        if !outer.is_empty() || !whole.is_empty() {
            return Err(Wrong::Encoding);
        }
        let version = || Wrong::Other("UnsupportedCertVersion");
        let mut inner = Cursor::new(tagged(&mut body, 0xa0).map_err(|_| version())?);
        match tagged(&mut inner, 2)? {
            [2] if inner.is_empty() => {}
            [number] if *number >= 0x80 => return Err(Wrong::Encoding),
            [_] => return Err(version()),
            _ => return Err(Wrong::Encoding),
        }
        tagged(&mut body, 2)?;
        if tagged(&mut body, 0x30)? != algorithm {
            return Err(Wrong::Other("SignatureAlgorithmMismatch"));
        }
        let mut fields = Self {
            issuer: tagged(&mut body, 0x30)?,
            validity: tagged(&mut body, 0x30)?,
            subject: tagged(&mut body, 0x30)?,
            constraints: None,
            purposes: None,
        };
        tagged(&mut body, 0x30)?;
        if body.is_empty() {
            return Ok(fields);
        }
        let mut tagged_list = Cursor::new(tagged(&mut body, 0xa3)?);
        let mut list = Cursor::new(tagged(&mut tagged_list, 0x30)?);
        let mut seen = Vec::new();
        while !list.is_empty() {
            let mut extension = Cursor::new(tagged(&mut list, 0x30)?);
            fields.extension(&mut extension, &mut seen)?;
            if !extension.is_empty() {
                return Err(Wrong::Encoding);
            }
        }
        if !tagged_list.is_empty() || !body.is_empty() {
            return Err(Wrong::Encoding);
        }
        Ok(fields)
    }

    /// x509.rs, `remember_extension`, and cert.rs, `remember_cert_extension`.
    fn extension(&mut self, r: &mut Cursor<'a>, seen: &mut Vec<u8>) -> Read<()> {
        let id = tagged(r, 6)?;
        let critical = boolean(r)?;
        let value = tagged(r, 4)?;
        let known = match id {
            [0x55, 0x1d, last] if [15, 17, 19, 30, 31, 37].contains(last) => *last,
            _ if critical => return Err(Wrong::Other("UnsupportedCriticalExtension")),
            _ => return Ok(()),
        };
        if seen.contains(&known) {
            return Err(Wrong::Other("ExtensionValueInvalid"));
        }
        seen.push(known);
        let mut value = Cursor::new(value);
        if known == 15 {
            return Ok(());
        }
        let content = tagged(&mut value, 0x30)?;
        if !value.is_empty() {
            return Err(Wrong::Encoding);
        }
        match known {
            19 => self.constraints = Some(content),
            37 => self.purposes = Some(content),
            _ => {}
        }
        Ok(())
    }
}

/// verify_cert.rs, `check_validity`; time.rs.
fn validity(content: &[u8]) -> Read<()> {
    let mut r = Cursor::new(content);
    let begin = moment(&mut r)?;
    let end = moment(&mut r)?;
    if begin > end {
        Err(Wrong::Expired)
    } else if NOW < begin {
        Err(Wrong::NotYetValid)
    } else if NOW > end {
        Err(Wrong::Expired)
    } else if r.is_empty() {
        Ok(())
    } else {
        Err(Wrong::Encoding)
    }
}

/// Its digits, as one number.
fn moment(r: &mut Cursor<'_>) -> Read<u64> {
    let text = tagged(r, 0x17)?;
    let [digits @ .., b'Z'] = text else {
        return Err(Wrong::Encoding);
    };
    if digits.len() != 12 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Wrong::Encoding);
    }
    let pair = |at: usize| u64::from(digits[at] - b'0') * 10 + u64::from(digits[at + 1] - b'0');
    let year = pair(0) + if pair(0) >= 50 { 1900 } else { 2000 };
    if year < 1970 {
        return Err(Wrong::Encoding);
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match pair(2) {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return Err(Wrong::Encoding),
    };
    let fits = (1..=days).contains(&pair(4)) && pair(6) < 24 && pair(8) < 60 && pair(10) < 60;
    if !fits {
        return Err(Wrong::Encoding);
    }
    Ok((1..6).fold(year, |sum, place| sum * 100 + pair(2 * place)))
}

/// verify_cert.rs, `check_basic_constraints`.
fn constraints(content: Option<&[u8]>, issuer: bool) -> Read<()> {
    let mut ca = false;
    if let Some(content) = content {
        let mut r = Cursor::new(content);
        ca = boolean(&mut r)?;
        if !r.is_empty() {
            let length = tagged(&mut r, 2)?;
            if length.len() != 1 || !r.is_empty() {
                return Err(Wrong::Encoding);
            }
        }
    }
    match (ca, issuer) {
        (true, false) => Err(Wrong::Other("CaUsedAsEndEntity")),
        (false, true) => Err(Wrong::Other("EndEntityUsedAsCa")),
        _ => Ok(()),
    }
}

/// verify_cert.rs, `ExtendedKeyUsageValidator`.
fn purposes(content: Option<&[u8]>, sender: Role) -> Read<()> {
    let Some(content) = content else {
        return Ok(());
    };
    let wanted = [
        0x2b,
        6,
        1,
        5,
        5,
        7,
        3,
        if sender == Role::Server { 1 } else { 2 },
    ];
    let mut r = Cursor::new(content);
    while !r.is_empty() {
        if tagged(&mut r, 6)? == wanted {
            return Ok(());
        }
    }
    Err(Wrong::Purpose)
}

/// x509.rs: DEFAULT FALSE; der.rs, `bool::from_der`.
fn boolean(r: &mut Cursor<'_>) -> Read<bool> {
    let mut ahead = *r;
    if ahead.u8() != Some(1) {
        return Ok(false);
    }
    match tagged(r, 1)? {
        [0xff] => Ok(true),
        [0] => Ok(false),
        _ => Err(Wrong::Encoding),
    }
}

/// der.rs, `read_tag_and_get_value_limited`.
fn tagged<'a>(r: &mut Cursor<'a>, tag: u8) -> Read<&'a [u8]> {
    let found = r.u8().ok_or(Wrong::Encoding)?;
    let length = match r.u8().ok_or(Wrong::Encoding)? {
        short @ 0..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            let width = usize::from(long & 0x7f);
            let length = r.number(width).ok_or(Wrong::Encoding)?;
            let least = [0, 0x80, 0x100, 0x1_0000, 0x100_0000][width];
            if length < least {
                return Err(Wrong::Encoding);
            }
            length
        }
        _ => return Err(Wrong::Encoding),
    };
    if length >= 0xffff {
        return Err(Wrong::Encoding);
    }
    let value = r.take(length).ok_or(Wrong::Encoding)?;
    if found == tag {
        Ok(value)
    } else {
        Err(Wrong::Encoding)
    }
}

/// The virtual clock's, in the form of [`moment`].
const NOW: u64 = 20_300_101_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Read<u64> {
        let mut bytes = vec![0x17, text.len() as u8];
        bytes.extend(text.as_bytes());
        moment(&mut Cursor::new(&bytes))
    }

    fn valid(begin: &str, end: &str) -> Read<()> {
        let mut bytes = Vec::new();
        for time in [begin, end] {
            bytes.extend([0x17, time.len() as u8]);
            bytes.extend(time.as_bytes());
        }
        validity(&bytes)
    }

    #[test]
    fn both_ends_of_the_validity_are_in_it() {
        let now = "300101000000Z";
        let (before, after) = ("291231235959Z", "300101000001Z");
        assert_eq!(valid(now, now), Ok(()));
        assert_eq!(valid(before, after), Ok(()));
        assert_eq!(valid(after, after), Err(Wrong::NotYetValid));
        assert_eq!(valid(before, before), Err(Wrong::Expired));
        assert_eq!(valid(after, now), Err(Wrong::Expired));
    }

    #[test]
    fn a_length_is_as_short_as_can_be() {
        let read = |bytes: &[u8]| tagged(&mut Cursor::new(bytes), 4).map(<[u8]>::len);
        let long = |head: &[u8], length: usize| [&[4], head, &vec![0; length]].concat();
        assert_eq!(read(&long(&[0x7f], 0x7f)), Ok(0x7f));
        assert_eq!(read(&long(&[0x81, 0x80], 0x80)), Ok(0x80));
        assert_eq!(read(&long(&[0x81, 0x7f], 0x7f)), Err(Wrong::Encoding));
        assert_eq!(read(&long(&[0x82, 1, 0], 0x100)), Ok(0x100));
        assert_eq!(read(&long(&[0x82, 0, 0xff], 0xff)), Err(Wrong::Encoding));
    }

    #[test]
    fn a_boolean_is_one_of_two_and_may_be_left_out() {
        let read = |bytes: &[u8]| boolean(&mut Cursor::new(bytes));
        assert_eq!(read(&[1, 1, 0xff]), Ok(true));
        assert_eq!(read(&[1, 1, 0]), Ok(false));
        assert_eq!(read(&[1, 1, 1]), Err(Wrong::Encoding));
        assert_eq!(read(&[2, 1, 1]), Ok(false));
    }

    #[test]
    fn a_time_is_a_day_of_the_calendar() {
        for (text, number) in [
            ("240430235959Z", 20_240_430_235_959),
            ("240131000000Z", 20_240_131_000_000),
            ("240229000000Z", 20_240_229_000_000),
            ("000229000000Z", 20_000_229_000_000),
            ("491231000000Z", 20_491_231_000_000),
            ("700101000000Z", 19_700_101_000_000),
        ] {
            assert_eq!(time(text), Ok(number), "{text}");
        }
        for text in [
            "500101000000Z",
            "691231235959Z",
            "240431000000Z",
            "240631000000Z",
            "240931000000Z",
            "241131000000Z",
            "240132000000Z",
            "241232000000Z",
            "240230000000Z",
            "230229000000Z",
            "240100000000Z",
            "240001000000Z",
            "241301000000Z",
            "240101240000Z",
            "240101006000Z",
            "240101000060Z",
            "240101000000",
            "2401010000000",
            "24010100000Z",
            "2401010000000Z",
            "24010100000xZ",
        ] {
            assert_eq!(time(text), Err(Wrong::Encoding), "{text}");
        }
        let generalized = [&[0x18, 13][..], b"240101000000Z"].concat();
        assert_eq!(moment(&mut Cursor::new(&generalized)), Err(Wrong::Encoding));
    }

    #[test]
    fn constraints_say_whether_it_is_an_authority() {
        const CA: [u8; 3] = [1, 1, 0xff];
        let limited = |limit: &[u8]| [&CA, limit].concat();
        let unlike = |issuer| {
            Err(Wrong::Other(if issuer {
                "EndEntityUsedAsCa"
            } else {
                "CaUsedAsEndEntity"
            }))
        };
        assert_eq!(constraints(None, false), Ok(()));
        assert_eq!(constraints(None, true), unlike(true));
        assert_eq!(constraints(Some(&[]), false), Ok(()));
        assert_eq!(constraints(Some(&CA), true), Ok(()));
        assert_eq!(constraints(Some(&CA), false), unlike(false));
        assert_eq!(constraints(Some(&limited(&[2, 1, 0])), true), Ok(()));
        for wrong in [&[2, 2, 1, 0][..], &[2, 1, 0, 0], &[4, 1, 0], &[2, 1]] {
            let constrained = constraints(Some(&limited(wrong)), true);
            assert_eq!(constrained, Err(Wrong::Encoding), "{wrong:?}");
        }
    }
}
