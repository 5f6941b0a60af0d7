/*
 * What the leak sanitizer is not to report: what libraries forget by themselves. Linked into every test.
 */
const char *__lsan_default_suppressions(void);

/* SQLCipher 3.4 forgets what it had when an allocation fails while it takes a key. curl 7.88 at times forgets a
 * connection that was ended while it was being made; our own use of it is watched by valgrind, which sees whole stacks. */
const char *__lsan_default_suppressions(void)
{
    return "leak:sqlcipher_malloc\nleak:libcurl.so\n";
}
