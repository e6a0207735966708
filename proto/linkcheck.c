/*
 * The body of every room's link check: linked with the whole archive of one
 * room and with just the libraries that the room may use, so that an arrow
 * which ARCHITECTURE.md does not allow is an undefined symbol at build time.
 */
int main(void)
{
    return 0;
}
