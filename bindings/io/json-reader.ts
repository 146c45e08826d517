// Reads JSON whose structure is known, and sees what JSON.parse hides: keys given twice, numbers that were rounded.

/** Reads one JSON text from its beginning, value by value. A fault is given to `fault`, which throws. */
export class JsonReader {
  #at = 0;

  /** `fault` completes the sentence "<the text> must <condition>, got <what is there>". */
  constructor(
    readonly text: string,
    readonly fault: (condition: string, got: string) => never,
  ) {}

  /** Reads an object; `visit` reads the value of every key. A key given twice, however it is spelled, is a fault. */
  object(visit: (key: string) => void): void {
    this.#expect('{');
    if (this.#take('}')) return;
    const keys = new Set<string>();
    do {
      const key = this.string();
      if (keys.has(key)) this.fault('give each key of an object once', `${quote(key)} twice`);
      keys.add(key);
      this.#expect(':');
      visit(key);
    } while (this.#take(','));
    this.#expect('}');
  }

  /** Reads an array; `visit` reads each element. */
  array(visit: () => void): void {
    this.#expect('[');
    if (this.#take(']')) return;
    do visit();
    while (this.#take(','));
    this.#expect(']');
  }

  /** Reads a string of well-formed Unicode. */
  string(): string {
    this.#expect('"');
    const start = this.#at - 1;
    const end = this.#closingQuote();
    this.#at = end + 1;
    const token = this.text.slice(start, this.#at);
    const value = parsed(token);
    if (value === undefined || !isWellFormed(value)) {
      return this.fault(`hold a valid string at character ${start}`, shorten(token));
    }
    return value;
  }

  /** Reads an integer ≥ 0 that a double holds exactly, written in digits alone. */
  integer(): number {
    this.#skipSpace();
    const start = this.#at;
    while (isDigit(this.text.charCodeAt(this.#at))) this.#at++;
    const token = this.text.slice(start, this.#at);
    const value = Number(token);
    if (token === '') this.fault(`hold an integer ≥ 0 at character ${start}`, this.#found());
    if (String(value) !== token || !Number.isSafeInteger(value)) {
      this.fault(`hold a whole number below 2^53 without leading zeros at character ${start}`, shorten(token));
    }
    return value;
  }

  /** Expects nothing more but padding with spaces. */
  end(): void {
    while (this.text[this.#at] === ' ') this.#at++;
    if (this.#at < this.text.length) this.fault(`end at character ${this.#at}, spaces apart`, this.#found());
  }

  /** Where the string ends that began before `#at`: at the next quote after an even number of backslashes. */
  #closingQuote(): number {
    for (let quote = this.#at; ; quote++) {
      quote = this.text.indexOf('"', quote);
      if (quote < 0) this.fault(`close the string that begins at character ${this.#at - 1}`, 'its end');
      let backslashes = 0;
      while (this.text[quote - 1 - backslashes] === '\\') backslashes++;
      if (backslashes % 2 === 0) return quote;
    }
  }

  #expect(character: string): void {
    if (!this.#take(character)) this.fault(`hold ${character} at character ${this.#at}`, this.#found());
  }

  #take(character: string): boolean {
    this.#skipSpace();
    const found = this.text[this.#at] === character;
    if (found) this.#at++;
    return found;
  }

  #skipSpace(): void {
    while (isSpace(this.text.charCodeAt(this.#at))) this.#at++;
  }

  #found(): string {
    return this.#at < this.text.length ? quote(this.text.slice(this.#at, this.#at + 12)) : 'its end';
  }
}

/** `text` in quotes, cut to a length that fits a message. */
export function quote(text: string): string {
  return shorten(JSON.stringify(text));
}

/** Whether no half of a surrogate pair stands alone, so that UTF-8 can say it. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function parsed(token: string): string | undefined {
  try {
    return JSON.parse(token);
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

/** Space, tab, line feed, carriage return. */
function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
