/** The least that is a Go binary to whoever asks what it says of itself. `flags`: 2 since Go 1.18. `length`: another than the true one of the modules. */
export function goBinary(goVersion: string, modules: string, flags = 2, length?: number): Buffer {
  const marks = Buffer.alloc(16, 0x30);
  const info = Buffer.concat([marks, Buffer.from(modules), marks]);
  const header = Buffer.alloc(32);
  header.write('\xff Go buildinf:', 'latin1');
  header[14] = 8;
  header[15] = flags;
  return Buffer.concat([
    Buffer.from('\x7fELF', 'latin1'),
    // The mark of the same letters where it can't be, as in a program that looks for it.
    Buffer.from('....\xff Go buildinf:...', 'latin1'),
    Buffer.alloc(4096 - 4 - 21, 7),
    header,
    varint(goVersion.length),
    Buffer.from(goVersion),
    varint(length ?? info.length),
    info,
    Buffer.alloc(64),
  ]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
}
