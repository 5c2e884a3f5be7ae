import * as v from 'valibot';

/** A text that passes a check, which gives what is wrong with it. */
export const text = (wrong: (value: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? wrong(dataset.value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );

/** A list is an object to JavaScript, and so to valibot. */
const map = v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
/** A map of these fields and no others. */
export const fields = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(map, v.objectWithRest(entries, v.never()));
/** A map from names that pass a check to values. */
export const named = <Value extends v.GenericSchema>(key: (name: string) => string | undefined, value: Value) =>
  v.pipe(map, v.record(text(key), value));
