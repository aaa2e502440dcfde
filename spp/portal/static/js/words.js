/**
 * The words of the page in its language, and how that language writes numbers.
 * @module words
 */

/**
 * @typedef {object} Words
 * @property {string} language - language tag of the page, `vi` or `en`
 * @property {(key: string, values?: Record<string, string | number>) => string} say - a text, its `{gaps}` filled
 * @property {(value: number) => string} number - a number as the language writes it
 */

/**
 * Fetch the words of one language.
 * @param {string} url - address of the language's JSON file
 * @param {string} language - language tag
 * @returns {Promise<Words>} the words
 */
export async function loadWords(url, language) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return wordsOf(await answer.json(), language);
}

/**
 * Wrap a table of texts.
 * @param {Record<string, string>} texts - key to text
 * @param {string} language - language tag
 * @returns {Words} the words
 */
export function wordsOf(texts, language) {
  const format = new Intl.NumberFormat(language, {maximumFractionDigits: 6});
  return {
    language,
    number: (value) => format.format(value),
    say: (key, values = {}) =>
      (texts[key] ?? key).replace(/\{(\w+)\}/g, (gap, name) => (name in values ? String(values[name]) : gap)),
  };
}
