/*
 * Views of columns.
 */
#include "proto/base/matrix.h"

#include <criterion/criterion.h>

Test(matrix, a_slice_shares_the_memory_of_its_rows)
{
    static const float data[3 * 8] = {
        0,  1,  2,  3,  4,  -1, -1, -1, 10, 11, 12, 13,
        14, -1, -1, -1, 20, 21, 22, 23, 24, -1, -1, -1,
    };
    struct matrix m = { data, 5, 3, 8 };
    cr_assert_eq(matrix_column(&m, 2)[4], 24);
    struct matrix s = matrix_slice(&m, 1, 3);
    cr_assert_eq(s.rows, 3);
    cr_assert_eq(s.cols, 3);
    for (uint32_t col = 0; col < 3; col++)
        for (uint32_t row = 0; row < 3; row++)
            cr_assert_eq(matrix_column(&s, col)[row],
                         (float)(10 * col + row + 1));
    cr_assert_eq(matrix_column(&s, 0), data + 1);
}
