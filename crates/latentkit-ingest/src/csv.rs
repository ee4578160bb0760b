//! Tables of text: values separated by commas, semicolons or tabs, texts in quotes where they hold one of these (RFC 4180).

use std::io::BufRead;

use flate2::bufread::MultiGzDecoder;
use latentkit_core::{Error, Result};

use crate::content;

/// Bytes of a row at most.
const MAX_ROW: usize = 1 << 24;

/// A table that is read row by row.
pub(crate) struct Csv {
    name: String,
    source: Box<dyn BufRead + Send>,
    separator: u8,
    /// Number of the line that is next, from 1 on.
    line: usize,
    bytes: Vec<u8>,
}

/// A row, and the line of the file in which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) values: Vec<String>,
}

impl Csv {
    /// Opens a file, plain or gzip.
    ///
    /// # Errors
    /// Of kind input when it cannot be read.
    pub(crate) fn open(path: &std::path::Path) -> Result<Self> {
        let file = content::open_file(path)?
            .ok_or_else(|| Error::input(format!("cannot find `{}`", path.display())))?;
        let mut file = std::io::BufReader::with_capacity(1 << 16, file);
        let start = file.fill_buf().map_err(content::unreadable)?;
        let source: Box<dyn BufRead + Send> = if content::is_gzip(start) {
            Box::new(std::io::BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        Self::new(path.display().to_string(), source)
    }

    fn new(name: String, mut source: Box<dyn BufRead + Send>) -> Result<Self> {
        let failed = |error: std::io::Error| Error::input(format!("cannot read `{name}`: {error}"));
        // The mark with which some programs begin a text in UTF-8.
        if source.fill_buf().map_err(failed)?.starts_with(b"\xef\xbb\xbf") {
            source.consume(3);
        }
        let start = source.fill_buf().map_err(failed)?;
        let first = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let separator =
            [b',', b';', b'\t'].into_iter().find(|separator| first.contains(separator)).unwrap_or(b',');
        Ok(Self { name, source, separator, line: 1, bytes: Vec::new() })
    }

    /// What messages call the file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The next row that is not empty.
    ///
    /// # Errors
    /// Of kind input when it is too long, no text, or a quote is not closed.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row>> {
        let separator = self.separator;
        Ok(self.next_text()?.map(|(line, text)| Row { line, values: split(text, separator) }))
    }

    /// The same row before it is divided, and its line.
    pub(crate) fn next_text(&mut self) -> Result<Option<(usize, &str)>> {
        let line = loop {
            let line = self.line;
            if !self.read_row()? {
                return Ok(None);
            }
            if !self.bytes.trim_ascii().is_empty() {
                break line;
            }
        };
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Ok(Some((line, text))),
            Err(_) => Err(Error::input(format!("cannot read `{}`: line {line} is no UTF-8 text", self.name))),
        }
    }

    /// What stands between two values.
    pub(crate) fn separator(&self) -> char {
        char::from(self.separator)
    }

    /// Reads the bytes of the next row; false after the last.
    fn read_row(&mut self) -> Result<bool> {
        self.bytes.clear();
        let begun = self.line;
        loop {
            let before = self.bytes.len();
            let mut limited = std::io::Read::take(&mut self.source, (MAX_ROW + 1 - before) as u64);
            let read = limited.read_until(b'\n', &mut self.bytes);
            let read = read.map_err(|error| Error::input(format!("cannot read `{}`: {error}", self.name)))?;
            self.line += 1;
            if self.bytes.len() > MAX_ROW {
                return Err(Error::input(format!("cannot read `{}`: line {begun} is too long", self.name))
                    .expected(format!("rows of at most {MAX_ROW} bytes")));
            }
            let is_open = self.bytes.iter().fold(false, |is_open, &byte| is_open ^ (byte == b'"'));
            if !is_open {
                while self.bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                    self.bytes.pop();
                }
                return Ok(read > 0 || before > 0);
            }
            if read == 0 {
                return Err(Error::input(format!(
                    "cannot read `{}`: a quote of line {begun} is not closed",
                    self.name
                )));
            }
        }
    }
}

/// The values of a row.
pub(crate) fn split(text: &str, separator: u8) -> Vec<String> {
    let separator = char::from(separator);
    if !text.contains('"') {
        return text.split(separator).map(|value| value.trim().to_owned()).collect();
    }
    let mut values = vec![String::new()];
    let mut characters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(character) = characters.next() {
        let value = values.last_mut().expect("there is one");
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                value.push('"');
            }
            '"' => is_quoted = !is_quoted,
            other if other == separator && !is_quoted => values.push(String::new()),
            other => value.push(other),
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<Vec<String>>> {
        let mut csv = Csv::new("t.csv".to_owned(), Box::new(std::io::Cursor::new(text.to_vec())))?;
        let mut rows = Vec::new();
        while let Some(row) = csv.next_row()? {
            rows.push(row.values);
        }
        Ok(rows)
    }

    #[test]
    fn rows_as_programs_write_them() {
        assert_eq!(rows(b"a,b\r\n1, 2\r\n").unwrap(), [["a", "b"], ["1", "2"]]);
        assert_eq!(rows(b"\xef\xbb\xbfa;b\n\n1,5;2").unwrap(), [["a", "b"], ["1,5", "2"]]);
        assert_eq!(rows(b"a\tb\n\"x \"\"y\"\"\tz\"\tq\n").unwrap()[1], ["x \"y\"\tz", "q"]);
        assert_eq!(rows(b"\"two\nlines\",b\nc,d\n").unwrap(), [["two\nlines", "b"], ["c", "d"]]);
        assert!(rows(b"").unwrap().is_empty());
        let error = rows(b"a,b\n\"x,y\n").unwrap_err().to_string();
        assert!(error.contains("a quote of line 2 is not closed"), "{error}");
        assert!(rows(b"a\xff,b\n").unwrap_err().to_string().contains("line 1 is no UTF-8"));
    }
}
