/** A module of scrapers that cannot be loaded, for tests of what a manager does about it. */
throw new Error('this module of scrapers is broken');
