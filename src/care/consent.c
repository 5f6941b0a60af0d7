/*
 * The consents a visiting nurse asks for. A text is changed together with its
 * version, never alone: what a person agreed to is stored with the consent.
 * Every text answers what, who, what for, until when and how to withdraw.
 */
#include "care/consent.h"

#include "base/error.h"
#include "base/text.h"

static const struct consent_purpose purposes[] = {
    {"home-care", N_("Nursing care at home"),
     N_("I agree that nurses of this home nursing service visit me and give the nursing care that was "
        "explained to me. For this they write down my name and contact details, what they measure and "
        "observe, the care and medicines I receive, and what we talk about. Only the nurses and doctors who "
        "care for me and the office of this service may read it, in order to give safe care and to keep the "
        "record the law asks for. This agreement holds until my care by this service ends. I can say no to "
        "any single care, and I can withdraw this agreement at any time by telling any nurse or the office; "
        "what was already recorded is then kept as the law asks, and no new care is given. Saying no has no "
        "other disadvantage for me."),
     "2026-11", "treatment", "TREAT"},
    {"share-record", N_("Sharing the record with others who care for me"),
     N_("I agree that this home nursing service shows my record to the others who care for me: my family "
        "doctor, the hospital, the pharmacy and my care manager. The record holds my illnesses, allergies, "
        "medicines, measurements, nursing notes and care plan. They may use it only to care for me and to "
        "agree with each other on that care. This agreement holds until my care by this service ends. I can "
        "withdraw it at any time, for all of them or for one of them, by telling any nurse or the office; "
        "from then on nothing more is shown, but what they have already received stays with them. If I say "
        "no, my nursing care goes on, and each of them must ask me again."),
     "2026-11", "patient-privacy", "CAREMGT"},
    {"monitoring", N_("Measurements from devices at home"),
     N_("I agree that devices in my home send measurements to this home nursing service: blood pressure, "
        "pulse, oxygen, temperature, weight, blood glucose, steps, sleep, and the temperature and humidity of "
        "the room, as far as such devices were set up for me. The nurses and doctors who care for me look at "
        "them to notice early when I get worse and to plan my care. Nobody watches them all the time: in an "
        "emergency I call the emergency number myself. This agreement holds until the devices are taken back "
        "or my care by this service ends. I can withdraw it at any time by telling any nurse or the office, "
        "or by switching a device off; what was already sent is kept in my record. If I say no, my nursing "
        "care goes on without the devices."),
     "2026-11", "treatment", "TREAT"},
    {"research", N_("Use for research"),
     N_("I agree that my record is used for research that wants to improve care at home. Before it is handed "
        "over, my name, address, numbers and exact dates are removed or replaced by a code, and free text is "
        "left out; only this home nursing service keeps the key to the code. Researchers whose study was "
        "approved by an ethics committee may use it, only for that study, and must not try to find out who I "
        "am. This agreement holds for five years from today. I can withdraw it at any time, without giving a "
        "reason, by telling any nurse or the office; from then on nothing more is handed over, but results "
        "already worked out cannot be undone. If I say no, nothing changes in my care."),
     "2026-11", "research", "HRESCH"},
    {"photo", N_("Photographs of wounds or skin"),
     N_("I agree that the nurse takes photographs of my wounds or skin. They are stored encrypted in my "
        "record and show no more of me than is needed. The nurses and doctors who care for me use them to see "
        "how healing goes and to choose the treatment; for teaching, research or publishing I would be asked "
        "separately. This agreement holds until the wound has healed or my care by this service ends. Before "
        "each photograph I can say no, and I can withdraw this agreement at any time by telling any nurse or "
        "the office; no new photographs are then taken, and those in my record are kept as the law asks. If I "
        "say no, my care goes on and the wound is described in words."),
     "2026-11", "patient-privacy", "TREAT"},
};
#define PURPOSES (sizeof purposes / sizeof purposes[0])

size_t consent_purpose_count(void)
{
    return PURPOSES;
}

const struct consent_purpose *consent_purpose_at(size_t index)
{
    return index < PURPOSES ? &purposes[index] : NULL;
}

const struct consent_purpose *consent_purpose_find(const char *key)
{
    for (size_t i = 0; i < PURPOSES; i++) {
        if (text_equal(purposes[i].key, key)) {
            return &purposes[i];
        }
    }
    return NULL;
}

const char *consent_label(const struct consent *consent)
{
    const struct consent_purpose *purpose = consent_purpose_find(consent->purpose);
    return purpose != NULL ? _(purpose->label) : consent->label;
}

const char *const consent_methods[] = {"verbal", "verbal-witnessed", "typed-name", "paper", "refused", "unable", NULL};
static const char *const method_words[] = {
    N_("said to the nurse"), N_("said before a witness"), N_("typed name, read back"), N_("signed on paper"),
    N_("refused to answer or sign"), N_("unable to decide, someone decided for the patient"),
};

const char *const consent_persons[] = {"patient", "spouse", "child", "guardian", "other", NULL};
static const char *const person_words[] = {
    N_("the patient"), N_("husband or wife"), N_("son or daughter"), N_("legal guardian"), N_("another person"),
};

const char *const consent_decisions[] = {"permit", "deny", "withdraw", NULL};
static const char *const decision_words[] = {N_("agrees"), N_("does not agree"), N_("withdraws the agreement")};

/* The translated word beside `key`; the key itself when it is none of `keys`. */
static const char *word_of(const char *const *keys, const char *const *words, const char *key)
{
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (text_equal(keys[i], key)) {
            return _(words[i]);
        }
    }
    return key;
}

const char *consent_method_word(const char *key)
{
    return word_of(consent_methods, method_words, key);
}

const char *consent_person_word(const char *key)
{
    return word_of(consent_persons, person_words, key);
}

const char *consent_decision_word(const char *key)
{
    return word_of(consent_decisions, decision_words, key);
}
