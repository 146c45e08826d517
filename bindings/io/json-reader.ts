// A strict JSON reader for a known structure. It reports what JSON.parse hides: duplicate keys and rounded numbers.

const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;
/** The upper five bits of half a surrogate pair. */
const SURROGATE = 0xd800;
/** Number of keys up to which a search is faster than a set. */
const FEW = 8;
/** Maximum number of keys of an object and of elements of an array: more would take seconds to read. */
const MAX_LENGTH = 1_000_000;
const MAX_QUOTE_LENGTH = 50;

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
    // Most objects are small, and a set for each of a million would take most of the time.
    const first: string[] = [];
    let all: Set<string> | undefined;
    do {
      const key = this.string();
      if (all?.has(key) ?? first.includes(key)) this.fault('have unique keys', `${quote(key)} twice`);
      if (all?.size === MAX_LENGTH) this.fault(`have at most ${MAX_LENGTH} keys an object`, 'more');
      if (all === undefined && first.push(key) > FEW) all = new Set(first);
      else all?.add(key);
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
    let length = 0;
    do {
      if (++length > MAX_LENGTH) this.fault(`have at most ${MAX_LENGTH} numbers a list`, 'more');
      visit();
    } while (this.#take(','));
    this.#expect(']');
  }

  /**
   * Reads a string of well-formed Unicode.
   *
   * @returns The string, unescaped.
   */
  string(): string {
    this.#expect('"');
    const start = this.#at;
    const [end, plain] = this.#scan(start);
    this.#at = end + 1;
    if (plain) return this.text.slice(start, end);
    const token = this.text.slice(start - 1, end + 1);
    const value = parsed(token);
    if (value === undefined || !isWellFormed(value)) {
      return this.fault(`have a valid string at character ${start - 1}`, shorten(token));
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

  /** Index of the quote that closes the string, and whether its characters stand for themselves. */
  #scan(start: number): [end: number, plain: boolean] {
    let plain = true;
    for (let at = start; at < this.text.length; at++) {
      const code = this.text.charCodeAt(at);
      if (code === QUOTE) return [at, plain];
      if (code === BACKSLASH) at++;
      if (code < SPACE || code === BACKSLASH || (code & 0xf800) === SURROGATE) plain = false;
    }
    return this.fault(`close the string that begins at character ${start - 1}`, 'the end');
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
  return shorten(JSON.stringify(text.slice(0, MAX_QUOTE_LENGTH + 1)));
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
  return text.length <= MAX_QUOTE_LENGTH ? text : `${text.slice(0, MAX_QUOTE_LENGTH)}…`;
}

/** Space, tab, line feed, carriage return. */
function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
