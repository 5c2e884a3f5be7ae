/**
 * The same bytes of zstd, divided so that no chunk reaches from one frame into the next. Data may be several frames, as layers in the form
 * zstd:chunked are, and Node's decoder gives up what stands behind the end of a frame in the same chunk, without an error.
 * https://www.rfc-editor.org/rfc/rfc8878#section-3.1
 */
export async function* atFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let frame = parts();
  let left = frame.next().value ?? 0;
  let head: number[] = [];
  for await (const chunk of source) {
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      const taken = Math.min(left, chunk.length - at);
      for (let index = at; index < at + taken && head.length < 4; index++) head.push(chunk[index] ?? 0);
      at += taken;
      left -= taken;
      while (left === 0) {
        const next = frame.next(head.reduce((sum, byte, place) => sum + byte * 2 ** (8 * place), 0));
        head = [];
        if (next.done !== true) left = next.value;
        else {
          yield chunk.subarray(start, at);
          start = at;
          frame = parts();
          left = frame.next().value ?? 0;
        }
      }
    }
    if (start < at) yield chunk.subarray(start);
  }
}

/** The lengths of one frame's parts. It is told each part's first four bytes, or as many as there are, as a number. */
function* parts(): Generator<number, void, number> {
  const magic = yield 4;
  if (magic >= 0x18_4d_2a_50 && magic <= 0x18_4d_2a_5f) {
    yield yield 4;
    return;
  }
  // No frame: the decoder says so.
  if (magic !== 0xfd_2f_b5_28) yield Infinity;
  const descriptor = yield 1;
  const oneSegment = (descriptor & 0x20) !== 0;
  const ofDictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const ofSize = [oneSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  yield (oneSegment ? 0 : 1) + ofDictionary + ofSize;
  for (let last = false; !last;) {
    const block = yield 3;
    last = (block & 1) !== 0;
    const repeatsOneByte = ((block >> 1) & 3) === 1;
    yield repeatsOneByte ? 1 : block >> 3;
  }
  if ((descriptor & 4) !== 0) yield 4;
}
