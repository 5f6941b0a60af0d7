/* The list of views, from views.def. */
#include "views/view.h"

#include "base/text.h"

static const struct view_ops *const views[VIEW_ID_COUNT] = {
#define VIEW(id, ops) [id] = &ops,
#include "views/views.def"
#undef VIEW
};

const struct view_ops *view_ops_of(enum view_id id)
{
    return views[id];
}

bool view_find(const char *name, enum view_id *out)
{
    for (int i = 0; i < VIEW_ID_COUNT; i++) {
        if (text_equal(views[i]->name, name)) {
            *out = (enum view_id)i;
            return true;
        }
    }
    return false;
}
