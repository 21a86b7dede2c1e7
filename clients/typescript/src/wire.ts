/** A field of a message: its number, and a number or bytes. */
export type Field = readonly [number: number, value: bigint | Uint8Array];

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The fields of a message in protobuf's wire format. Values of fixed size are passed over: no frame has any. */
export function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) {
        break;
      }

      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return value;
      }
    }

    throw new RangeError("A number in a message has no end.");
  };
  const take = (length: number): Uint8Array => {
    if (length > message.length - at) {
      throw new RangeError("A message is cut short.");
    }

    at += length;
    return message.subarray(at - length, at);
  };

  while (at < message.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield [number, varint()];
        break;
      case 1:
        take(8);
        break;
      case 2:
        yield [number, take(Number(varint()))];
        break;
      case 5:
        take(4);
        break;
      default:
        throw new RangeError("A message has a field of an unknown kind.");
    }
  }
}

export function text(value: bigint | Uint8Array): string {
  return utf8.decode(bytes(value));
}

export function bytes(value: bigint | Uint8Array): Uint8Array {
  if (typeof value === "bigint") {
    throw new RangeError("A message has a number where bytes belong.");
  }

  return value;
}

export function integer(value: bigint | Uint8Array): bigint {
  if (typeof value !== "bigint") {
    throw new RangeError("A message has bytes where a number belongs.");
  }

  return value;
}

/** Writes a message. Fields without a value, and numbers and texts that are defaults, are left out. */
export function message(...all: (readonly [number: number, value: string | bigint | Uint8Array | undefined])[]): Uint8Array {
  const out: number[] = [];
  const varint = (value: bigint) => {
    for (; value >= 0x80n; value >>= 7n) {
      out.push(Number(value & 0x7fn) | 0x80);
    }

    out.push(Number(value));
  };

  for (const [number, value] of all) {
    if (typeof value === "bigint" && value !== 0n) {
      varint(BigInt(number * 8));
      varint(value);
    } else if (value instanceof Uint8Array || (typeof value === "string" && value !== "")) {
      const content = typeof value === "string" ? new TextEncoder().encode(value) : value;
      varint(BigInt(number * 8 + 2));
      varint(BigInt(content.length));
      content.forEach((byte) => out.push(byte));
    }
  }

  return Uint8Array.from(out);
}
