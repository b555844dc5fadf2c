import { readFileSync } from 'node:fs';

import ts from 'typescript';
import { expect, test } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { EXIT_TESTS, FAILURE_TESTS, type NamedTest } from './failure-tests.ts';

// Goal: every failure code and every exit status that is documented comes from the product in some test. Method: a table
// names a test for each, and the compiler sees that none is missing; here each test is looked up by its title, and has to
// say the code, itself or in what it names of its file. That it fails where the product says another code was tried
// when its row was written.

const ROOT = new URL('../../', import.meta.url);

/** The text of a test with its table, and of all declarations of its file that it names, directly or not. */
function testText([file, title]: NamedTest): string {
  const text = readFileSync(new URL(`test/${file}`, ROOT), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = callsOf(source).find((call) => isTestCalled(call, title));
  const rest = source.statements.filter((statement) => !isExpectation(statement));
  let said = found?.getText() ?? '';
  for (let named: ts.Statement[] = rest; named.length > 0;) {
    named = rest.filter(
      (statement) => !said.includes(statement.getText()) && isNamed(statement, said),
    );
    said += named.map((statement) => statement.getText()).join('\n');
  }
  return found === undefined ? '' : said;
}

/** All calls of a file, also those in functions that make tests. */
function callsOf(node: ts.Node): ts.CallExpression[] {
  const calls = ts.isCallExpression(node) ? [node] : [];
  node.forEachChild((child) => {
    calls.push(...callsOf(child));
  });
  return calls;
}

function isTestCalled(call: ts.CallExpression, title: string): boolean {
  const [first] = call.arguments;
  const isTest = /^(test|it)\b/.test(call.expression.getText());
  return isTest && first !== undefined && ts.isStringLiteralLike(first) && first.text === title;
}

/** A statement that is itself a test, or sets one up. */
function isExpectation(statement: ts.Statement): boolean {
  return ts.isExpressionStatement(statement) || ts.isImportDeclaration(statement);
}

function isNamed(statement: ts.Statement, text: string): boolean {
  const names = ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.map(({ name }) => name.getText())
    : ts.isFunctionDeclaration(statement)
      ? [statement.name?.text ?? '']
      : [];
  return names.some((name) => new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`).test(text));
}

test.each(Object.entries(FAILURE_TESTS))('a test produces the failure code %s', (code, named) => {
  // One word alone may be a word of English.
  const said = code.includes('-') ? `(?<![\\w-])${code}(?![\\w-])` : `(['"])${code}\\1`;
  expect(testText(named), named.join(': ')).toMatch(new RegExp(said));
});

test.each(Object.entries(EXIT_TESTS))('a test produces the exit status %s', (status, named) => {
  const value = EXIT[status as keyof typeof EXIT];
  expect(testText(named), named.join(': ')).toMatch(new RegExp(`\\b${String(value)}\\b`));
});

test('a test that is not there produces nothing', () => {
  expect(testText(['architecture/tree.test.ts', 'no test has such a title'])).toBe('');
});
