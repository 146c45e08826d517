// A strict JSON reader for a known structure. It reports what JSON.parse hides: duplicate keys and rounded numbers.

/**
 * Reads one JSON text from its beginning, value by value.
 *
 * @internal
 */
export class JsonReader {
  #at = 0;

  /**
   * Creates a reader at the beginning of a text.
   *
   * @param text The JSON text.
   * @param fault Throws; its arguments complete the sentence "the text must <condition>, got <what is there>".
   */
  constructor(
    readonly text: string,
    readonly fault: (condition: string, got: string) => never,
  ) {}

  /**
   * Reads an object. A duplicate key, however it is escaped, is a fault.
   *
   * @param visit Called for every key; must read its value.
   */
  object(visit: (key: string) => void): void {
    this.#expect('{');
    if (this.#take('}')) return;
    const keys = new Set<string>();
    do {
      const key = this.string();
      if (keys.has(key)) this.fault('have unique keys', `${quote(key)} twice`);
      keys.add(key);
      this.#expect(':');
      visit(key);
    } while (this.#take(','));
    this.#expect('}');
  }

  /**
   * Reads an array.
   *
   * @param visit Called for every element; must read it.
   */
  array(visit: () => void): void {
    this.#expect('[');
    if (this.#take(']')) return;
    do visit();
    while (this.#take(','));
    this.#expect(']');
  }

  /**
   * Reads a string of well-formed Unicode.
   *
   * @returns The string, unescaped.
   */
  string(): string {
    this.#expect('"');
    const start = this.#at - 1;
    const end = this.#closingQuote();
    this.#at = end + 1;
    const token = this.text.slice(start, this.#at);
    const value = parsed(token);
    if (value === undefined || !isWellFormed(value)) {
      return this.fault(`have a valid string at character ${start}`, shorten(token));
    }
    return value;
  }

  /**
   * Reads a non-negative integer, written in digits alone, that a double represents exactly.
   *
   * @returns The integer.
   */
  integer(): number {
    this.#skipSpace();
    const start = this.#at;
    while (isDigit(this.text.charCodeAt(this.#at))) this.#at++;
    const token = this.text.slice(start, this.#at);
    const value = Number(token);
    if (token === '') this.fault(`have an integer ≥ 0 at character ${start}`, this.#found());
    if (String(value) !== token || !Number.isSafeInteger(value)) {
      this.fault(`have an integer below 2^53 without leading zeros at character ${start}`, shorten(token));
    }
    return value;
  }

  /** Expects the end of the text, after optional spaces. */
  end(): void {
    while (this.text[this.#at] === ' ') this.#at++;
    if (this.#at < this.text.length) this.fault(`end at character ${this.#at}, except for spaces`, this.#found());
  }

  /** Index of the quote that closes the string begun before `#at`: the next one after an even number of backslashes. */
  #closingQuote(): number {
    for (let quote = this.#at; ; quote++) {
      quote = this.text.indexOf('"', quote);
      if (quote < 0) this.fault(`close the string that begins at character ${this.#at - 1}`, 'the end');
      let backslashes = 0;
      while (this.text[quote - 1 - backslashes] === '\\') backslashes++;
      if (backslashes % 2 === 0) return quote;
    }
  }

  #expect(character: string): void {
    if (!this.#take(character)) this.fault(`have ${character} at character ${this.#at}`, this.#found());
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
    return this.#at < this.text.length ? quote(this.text.slice(this.#at, this.#at + 12)) : 'the end';
  }
}

/**
 * Quotes a string for a message.
 *
 * @internal
 * @param text Any string.
 * @returns The string in double quotes, escaped and shortened.
 */
export function quote(text: string): string {
  return shorten(JSON.stringify(text));
}

/**
 * Tells whether UTF-8 can encode a string.
 *
 * @internal
 * @param text Any string.
 * @returns False where half of a surrogate pair stands alone.
 */
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
