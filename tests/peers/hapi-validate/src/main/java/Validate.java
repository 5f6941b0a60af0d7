import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.model.ElementDefinition;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.IMessagingServices;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.utilities.validation.ValidationMessage;

/**
 * java Validate FILE...: base R4 with its vital-signs profiles, without a network. A *.json file holds one resource,
 * any other file one resource a line. Prints every error (-Dall=true: warnings too); exit 1 when there is one.
 */
public class Validate {
    private static long resources;
    private static long errors;

    public static void main(String[] files) throws IOException {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "off");
        FhirValidator validator = validator(FhirContext.forR4());
        for (String file : files) {
            if (file.endsWith(".json")) {
                validate(validator, file, Files.readString(Path.of(file)));
                continue;
            }
            List<String> lines = Files.readAllLines(Path.of(file));
            for (int i = 0; i < lines.size(); i++) {
                if (!lines.get(i).isBlank()) {
                    validate(validator, file + ":" + (i + 1), lines.get(i));
                }
            }
        }
        System.out.printf("%d resources, %d errors%n", resources, errors);
        System.exit(errors == 0 ? 0 : 1);
    }

    private static FhirValidator validator(FhirContext context) {
        /* LOINC and SNOMED CT come without content: their codes cannot be judged here. */
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
        unknown.setNonExistentCodeSystemSeverity(IssueSeverity.WARNING);
        FhirInstanceValidator module = new FhirInstanceValidator(new ValidationSupportChain(
            new DefaultProfileValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context),
            unknown));
        module.setNoExtensibleWarnings(true);
        module.setValidatorPolicyAdvisor(new VitalSigns());
        return context.newValidator().registerValidatorModule(module);
    }

    private static void validate(FhirValidator validator, String where, String json) {
        resources++;
        try {
            for (SingleValidationMessage message : validator.validateWithResult(json).getMessages()) {
                boolean error = message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0;
                errors += error ? 1 : 0;
                if (error || Boolean.getBoolean("all")) {
                    System.out.printf("%s: %s %s: %s%n", where, message.getSeverity(), message.getLocationString(),
                        message.getMessage());
                }
            }
        } catch (RuntimeException | LinkageError | StackOverflowError e) { /* broken JSON, absurd nesting */
            errors++;
            System.out.println(where + ": ERROR: " + e);
        }
    }

    /** HAPI's advisor leaves out what the specification says: vital-signs profiles hold by code, also unnamed. */
    private static class VitalSigns extends FhirDefaultPolicyAdvisor {
        @Override
        public List<StructureDefinition> getImpliedProfilesForResource(IResourceValidator validator, Object context,
                String path, ElementDefinition element, StructureDefinition structure, Element resource, boolean valid,
                IMessagingServices messaging, List<ValidationMessage> messages) {
            return getPolicyAdvisor().getImpliedProfilesForResource(validator, context, path, element, structure,
                resource, valid, messaging, messages);
        }
    }
}
