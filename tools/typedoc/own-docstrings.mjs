import { Application, Converter, ReflectionKind } from 'typedoc';

/** TypeDoc's own plugin reads the docstrings at a greater priority. */
const AFTER_COMMENTS = -1_000;

/**
 * A class or an interface without a docstring gets that of what it extends from TypeDoc, which then counts it as documented; this
 * plugin warns of it.
 */
export function load(app) {
  const bare = new Set();
  app.converter.on(
    Converter.EVENT_CREATE_DECLARATION,
    (_context, reflection) => {
      if (reflection.kindOf(ReflectionKind.ClassOrInterface) && !reflection.hasComment()) bare.add(reflection);
    },
    AFTER_COMMENTS,
  );
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const reflection of bare) {
      if (project.getReflectionById(reflection.id) !== reflection || !reflection.hasComment()) continue;
      app.logger.validationWarning(`${reflection.getFriendlyFullName()} has no docstring but that of what it extends`);
    }
  });
}
