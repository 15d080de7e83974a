/**
 * Checks JSON byte by byte, as it comes, by the rules of lightningd's parser (external/jsmn in its
 * strict mode and common/json_parse_simple.c): commas may be missing in arrays or doubled, control
 * characters may stand in strings, a number is whatever begins like one; wrong brackets, escapes and
 * letters are refused. Used by message-reader.ts.
 */

const [OBJECT, ARRAY] = [0x7d, 0x5d];
const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [BRACE_OPEN, BRACKET_OPEN] = [0x7b, 0x5b];

/** lightningd itself recurses over what it has parsed, and falls over at some depth: so we draw a line. */
const MAX_DEPTH = 50_000;

type Expecting = "value" | "key" | "colon" | "comma";

export type ScanStep = "inside" | "ended" | "invalid";

export class JsonScanner {
  /** The closing brackets that are due. */
  #due: number[] = [];
  #expecting: Expecting = "value";
  #inString = false;
  #inPrimitive = false;
  /** What is left of an escape: 0 none, -1 its letter, 1 to 4 hexadecimal digits. */
  #escape = 0;
  #begun = false;

  /** Is no value begun? */
  get idle(): boolean {
    return !this.#begun;
  }

  /**
   * Looks at the next byte.
   * @returns `ended` when a whole value lies before this byte's end; for a number or word at the
   *   root that is the byte after it, which then belongs to nothing
   */
  step(byte: number): ScanStep {
    if (this.#inString) return this.#inStringStep(byte);
    if (this.#inPrimitive) {
      if (!isDelimiter(byte)) return byte < 32 || byte >= 127 ? "invalid" : "inside";
      this.#inPrimitive = false;
      if (this.#due.length === 0) return this.#end();
    }
    return this.#betweenStep(byte);
  }

  #inStringStep(byte: number): ScanStep {
    if (this.#escape === -1) {
      if (byte === 0x75) this.#escape = 4;
      else if (ESCAPABLE.has(byte)) this.#escape = 0;
      else return "invalid";
    } else if (this.#escape > 0) {
      if (!isHex(byte)) return "invalid";
      this.#escape--;
    } else if (byte === BACKSLASH) {
      this.#escape = -1;
    } else if (byte === QUOTE) {
      this.#inString = false;
      if (this.#due.length === 0) return this.#end();
    }
    return "inside";
  }

  #betweenStep(byte: number): ScanStep {
    if (isSpace(byte)) return "inside";
    if (byte === COMMA) {
      if (this.#expecting === "colon") return "invalid";
      if (this.#due.length > 0 && this.#inObject) {
        if (this.#expecting === "value") return "invalid";
        this.#expecting = "key";
      }
      return "inside";
    }
    if (byte === COLON) {
      if (this.#expecting !== "colon") return "invalid";
      this.#expecting = "value";
      return "inside";
    }
    if (byte === OBJECT || byte === ARRAY) return this.#close(byte);
    if (byte === QUOTE) {
      if (this.#expecting === "comma" || this.#expecting === "colon") return "invalid";
      this.#begun = true;
      this.#inString = true;
      this.#valueBegins(this.#expecting === "key");
      return "inside";
    }
    if (this.#expecting !== "value") return "invalid";
    this.#begun = true;
    if (byte === BRACE_OPEN || byte === BRACKET_OPEN) return this.#open(byte);
    if (!PRIMITIVE_STARTS.has(byte)) return "invalid";
    this.#inPrimitive = true;
    this.#valueBegins(false);
    return "inside";
  }

  #open(byte: number): ScanStep {
    this.#valueBegins(false);
    if (this.#due.length >= MAX_DEPTH) return "invalid";
    this.#due.push(byte === BRACE_OPEN ? OBJECT : ARRAY);
    this.#expecting = byte === BRACE_OPEN ? "key" : "value";
    return "inside";
  }

  #close(byte: number): ScanStep {
    if (this.#due.pop() !== byte) return "invalid";
    if (byte === OBJECT && this.#expecting !== "key" && this.#expecting !== "comma") {
      return "invalid";
    }
    if (this.#due.length === 0) return this.#end();
    this.#expecting = this.#inObject ? "comma" : "value";
    return "inside";
  }

  #valueBegins(isKey: boolean): void {
    if (isKey) this.#expecting = "colon";
    else this.#expecting = this.#due.length > 0 && this.#inObject ? "comma" : "value";
  }

  #end(): ScanStep {
    this.#begun = false;
    this.#expecting = "value";
    return "ended";
  }

  get #inObject(): boolean {
    return this.#due[this.#due.length - 1] === OBJECT;
  }
}

const ESCAPABLE = new Set(Buffer.from('"/\\bfrnt'));
const PRIMITIVE_STARTS = new Set(Buffer.from("-0123456789tfn"));

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDelimiter(byte: number): boolean {
  return isSpace(byte) || byte === COMMA || byte === OBJECT || byte === ARRAY;
}

function isHex(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x46) ||
    (byte >= 0x61 && byte <= 0x66)
  );
}
